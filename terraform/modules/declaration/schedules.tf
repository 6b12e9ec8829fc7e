# What is wrong with when schedules fire: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html

locals {
  cron_fields = {
    minutes      = { index = 0, values = "0 to 59", number = "[0-5]?[0-9]" }
    hours        = { index = 1, values = "0 to 23", number = "(?:[01]?[0-9]|2[0-3])" }
    day-of-month = { index = 2, values = "1 to 31, L, L-3, LW or 15W", number = "(?:0?[1-9]|[12][0-9]|3[01])" }
    month        = { index = 3, values = "1 to 12 or JAN to DEC", number = "(?:0?[1-9]|1[0-2]|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)" }
    day-of-week  = { index = 4, values = "1 to 7 or SUN to SAT, L, 5L or 2#1", number = "(?:[1-7]|SUN|MON|TUE|WED|THU|FRI|SAT)" }
    year         = { index = 5, values = "1970 to 2199", number = "(?:19[7-9][0-9]|2[01][0-9]{2})" }
  }

  # Values, ranges and steps, in a list; and what days take besides.
  cron_lists = { for name, f in local.cron_fields : name => "(?:\\*|${f.number})(?:-${f.number})?(?:/[0-9]+)?" }
  cron_days = {
    day-of-month = "|\\?|L|L-[0-9]+|LW|${local.cron_fields.day-of-month.number}W"
    day-of-week  = "|\\?|L|${local.cron_fields.day-of-week.number}L|${local.cron_fields.day-of-week.number}#[1-5]"
  }
  cron_patterns = { for name, list in local.cron_lists : name => "^(?:${list}(?:,${list})*${lookup(local.cron_days, name, "")})$" }

  # As people write it, without capitals → as the IANA database does. timezones.json is written by scripts/timezones.py.
  zones = { for zone in jsondecode(file("${path.module}/timezones.json")) : lower(zone) => zone }
  # The place in its name → the zones.
  places = { for zone in values(local.zones) : lower(reverse(split("/", zone))[0]) => zone... }

  schedules = merge([
    for key, p in var.pipelines : {
      for name, s in p.schedules : "${key}/${name}" => {
        at       = "pipelines[\"${key}\"].schedules[\"${name}\"]"
        timezone = s.timezone
        text     = s.expression
        kind     = try(regex("^(cron|rate|at)\\((.*)\\)$", s.expression)[0], "")
        within   = try(regex("^(cron|rate|at)\\((.*)\\)$", s.expression)[1], "")
        words    = regexall("[^\\s()]+", replace(s.expression, "/^\\w+\\(/", ""))
      }
    }
  ]...)

  mistakes_in_expressions = flatten([
    for key, s in local.schedules : [
      for told in compact(
        s.kind == "" ? [
          can(regex("(?i)^\\s*(cron|rate|at)\\s*\\(", s.text)) ? "write cron, rate or at in small letters, the parentheses right behind, and nothing around them." :
          length(s.words) == 6 ? "write it as cron(${join(" ", s.words)})." : "write cron(0 3 * * ? *), rate(12 hours) or at(2027-01-31T03:00:00)."
        ] :
        s.kind == "cron" && length(s.words) != 6 ? [
          "it has ${length(s.words)} fields of six: minutes, hours, day-of-month, month, day-of-week and year, with ? for one of the days${
            length(s.words) != 5 ? ", as in cron(0 3 * * ? *)" :
            s.words[4] == "*" || s.words[4] == "?" ? ": cron(${s.words[0]} ${s.words[1]} ${s.words[2] == "?" ? "*" : s.words[2]} ${s.words[3]} ? *)" :
            contains(["*", "?"], s.words[2]) && can(regex("^[A-Za-z,-]+$", s.words[4])) ? ": cron(${s.words[0]} ${s.words[1]} ? ${s.words[3]} ${upper(s.words[4])} *)" :
            ", as in cron(0 3 ? * MON-FRI *)"
          }."
        ] :
        s.kind == "cron" ? concat(
          [for name, f in local.cron_fields : "the field ${name} is \"${s.words[f.index]}\"; it takes ${f.values}, or *, and of them lists (1,3), ranges (1-5) and steps (*/2)${contains(keys(local.cron_days), name) ? ", or ?" : ""}." if !can(regex(local.cron_patterns[name], s.words[f.index]))],
          [(s.words[2] == "?") == (s.words[4] == "?") ? "of day-of-month and day-of-week ${s.words[2] == "?" ? "both are" : "neither is"} ?; make it one of them." : ""],
        ) :
        s.kind == "rate" ? [
          can(regex("^[1-9][0-9]* (minutes?|hours?|days?)$", s.within)) ? "" :
          can(regex("^[1-9][0-9]* weeks?$", s.within)) ? "there are no weeks; write rate(${7 * try(tonumber(regex("^[0-9]+", s.within)), 1)} days)." :
          "write a whole number from 1 on and minutes, hours or days, as in rate(12 hours)."
        ] :
        [
          can(timeadd("${s.within}Z", "0s")) ? "" :
          can(timeadd(s.within, "0s")) ? "an at(…) has no zone in it; write at(${substr(s.within, 0, 19)}), and the zone in timezone." :
          can(regex("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}$", s.within)) ? "there is no such day or time." : "write it as at(2027-01-31T03:00:00)."
        ]
      ) : "${s.at}.expression: \"${s.text}\" is none that EventBridge Scheduler takes: ${told}"
    ]
  ])

  mistakes_in_zones = [
    for key, s in local.schedules : "${s.at}.timezone: there is no time zone \"${s.timezone}\"; ${
      can(local.zones[lower(s.timezone)]) ? "write ${local.zones[lower(s.timezone)]}" :
      can(local.places[lower(replace(reverse(split("/", s.timezone))[0], " ", "_"))]) ? "did you mean ${join(" or ", local.places[lower(replace(reverse(split("/", s.timezone))[0], " ", "_"))])}?" :
      "give a name from the IANA database, such as Europe/Paris"
    }${can(local.places[lower(replace(reverse(split("/", s.timezone))[0], " ", "_"))]) && !can(local.zones[lower(s.timezone)]) ? "" : "."}"
    if try(local.zones[lower(s.timezone)], "") != s.timezone
  ]

  mistakes_in_schedules = concat(local.mistakes_in_expressions, local.mistakes_in_zones)
}
