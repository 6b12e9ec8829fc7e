variable "pipelines" {
  description = <<-EOT
    The pipelines, by a name of yours. Each is one dataset group with all that lives in it.
    - `domain`: ECOMMERCE or VIDEO_ON_DEMAND for a Domain dataset group. Left out, it is a Custom one. A change is refused.
    - `datasets`: by type: `interactions` (required), `items`, `users`.
      - `schema`: the Avro schema as JSON text, from `file()` or `jsonencode()`. Items and users can gain columns that take
        null, and keep their rows; interactions cannot. Solutions that exist go on training without the new columns.
        https://docs.aws.amazon.com/personalize/latest/dg/updating-dataset-schema.html
      - `prefix`: where its CSV files lie in the data bucket, directly under it: nothing is imported from folders below.
        Default `<pipeline>/<type>/`.
    - `event_tracker`: make an event tracker, for events that your application sends. Default false.
    - `filters`: filter expressions, by a name of yours. Filters need data: the first run makes them after its imports, or where
      data is only streamed, as soon as Personalize takes them. A changed expression makes a filter beside the old one, which answers
      until the next change; `filter_arns` has the new ARN.
    - `solutions`: what is trained, by a name of yours. A changed recipe or hyperparameter makes another one beside it; what it
      replaced stays until the next such change, to go back to, and goes then, protected or not.
      - `recipe`: a recipe's name, such as `aws-user-personalization-v2`, or its ARN.
      - `event_type`: train on events of this type only.
      - `hyperparameters`: of the recipe's algorithm.
      - `perform_hpo`: search for the best hyperparameters when training; not with the v2 and the segmentation recipes.
        Default false.
      - `auto_training`: let Personalize train by itself too. Default false: the pipeline trains.
      - `perform_incremental_update`: let Personalize update the newest version with new items by itself;
        `aws-semantic-similarity` only. Default false.
      - `solution_config`: what CreateSolution takes, spelt with underscores; fields as in the API reference:
        https://docs.aws.amazon.com/personalize/latest/dg/API_SolutionConfig.html
        `auto_training_config` can be changed at any time; left out, automatic training is every 7 days. `events_config` can be
        changed, too, but to add one or to take it away makes a solution beside the old one, as does a change of any other field.
        `events_config` is for the v2 recipes, `optimization_objective` for `aws-user-personalization` and
        `aws-personalized-ranking`; no recipe takes `hpo_objective`.
      - `campaign`: the campaign that serves it. Left out, none does.
        - `name`: default `<name>-<pipeline>-<solution>`. Unique in the account and region. Under a new name it is another
          campaign: the old one is deleted, and the next run makes the new one.
        - `adopt`: take over a campaign of this name that exists and serves another solution; it keeps its ARN, and destroy
          deletes it like any other. Default false: such a name is refused.
        - `min_provisioned_tps`: transactions a second paid for at least. Default 1.
        - `config`: its item exploration (`aws-user-personalization` only), whether metadata comes with recommendations, and
          what influences a ranking (documented for `aws-semantic-similarity`; unknown for the others).
          The pipeline itself moves the campaign to each new version.
    - `schedules`: when a run starts, by a name of yours.
      - `expression`: `cron(…)`, `rate(…)` or `at(…)`, as EventBridge Scheduler takes it. One with `at(…)` fires once and stays;
        Scheduler takes one whose time has passed, too, and never fires it. Plan warns of both: take it out, or give it a new time.
      - `timezone`: such as `Europe/Paris`. Default UTC.
      - `what`: `everything` (default), `import` (the data only) or `train` (train and deploy with the data as it is).
      - `solutions`: train these only. Default all.
      - `training_mode`: FULL (default), or UPDATE, which only aws-user-personalization has.
      - `force`: import data that has not changed since its last import too. Default false.
      - `enabled`: default true.
    - `retrain_on_upload`: start a run when files arrive under one of the prefixes.
      - `enabled`: default false.
      - `settle_seconds`: how long to wait for more files after one has arrived. Default 300, at most 900. A call by hand or an
        event meanwhile begins the run at once.
    - `deadlines`: the longest that each phase of a run may take, from when it has a slot of the quota. A branch that takes longer fails.
      The time for which Personalize refuses to begin a training is no part of that training: it is counted by itself.
      - `import_hours`, `train_hours`, `deploy_hours`: default 24, 72 and 12.
      - `stop_training`: stop a training that takes too long, which would go on and cost. Default false.
  EOT
  # Terraform drops the keys that an object type does not name, without a word. modules/declaration tells of them, and has the type.
  type     = any # map(object)
  nullable = false
}
