"""Words for readable titles: each genre has its own, so that a list of titles shows whose taste it is."""

from __future__ import annotations

from itertools import product

# genre: (first words, second words)
WORDS: dict[str, tuple[str, str]] = {
    "Action": (
        "Burning Iron Final Broken Steel Rapid Last Blazing Double Fearless Thunder Deadly",
        "Pursuit Strike Convoy Verdict Charge Bullet Runner Rescue Cartel Frontline Escape Ambush",
    ),
    "Animation": (
        "Tiny Paper Bouncing Clockwork Button Marzipan Brave Woolly Sleepy Pocket Sparkling Dancing",
        "Dragon Penguin Robot Whale Teapot Hedgehog Balloon Giraffe Firefly Pirate Fox Toyshop",
    ),
    "Comedy": (
        "Accidental Awkward Reluctant Backwards Cheerful Borrowed Clumsy Improbable Terrible Lucky Second Lazy",
        "Wedding Butler Vacation Roommate Inheritance Mayor Disguise Reunion Chef Alibi Neighbour Bachelor",
    ),
    "Crime": (
        "Silent Cold Crooked Nameless Midnight Marked Dirty Hollow Perfect Seventh Unsolved Velvet",
        "Witness Ledger Alibi Heist Informant Precinct Ransom Motive Suspect Getaway Confession Vault",
    ),
    "Documentary": (
        "Inside Beneath Beyond Counting Saving Following Among Tracing Mapping Recording Rebuilding Watching",
        "Glaciers Beekeepers Lighthouses Archives Rainforests Harvests Marathons Coral Railways Choirs Deserts Rivers",
    ),
    "Drama": (
        "Quiet Fading Autumn Distant Fragile Unspoken Winter Ordinary Patient Forgotten Borrowed Tender",
        "Letters Harbour Daughter Orchard Silence Promise Bridge Brothers Waltz Homecoming Season Mirror",
    ),
    "Fantasy": (
        "Emerald Enchanted Silver Moonlit Ancient Wandering Golden Thorned Eternal Whispering Winged Sunken",
        "Sorcerer Kingdom Griffin Oracle Amulet Forest Throne Prophecy Spell Citadel Unicorn Quest",
    ),
    "Horror": (
        "Crawling Bleeding Haunted Rotting Screaming Cursed Buried Faceless Pale Hungry Withered Unholy",
        "Attic Cellar Doll Asylum Shadow Chapel Graveyard Whisper Nightmare Mirror Scarecrow Coffin",
    ),
    "Musical": (
        "Dancing Swinging Neon Velvet Glittering Syncopated Electric Starlit Golden Humming Roaring Offbeat",
        "Cabaret Melody Ballroom Overture Chorus Jukebox Encore Serenade Tango Revue Rhapsody Spotlight",
    ),
    "Romance": (
        "Summer Parisian Secret Tender Stolen Rainy Endless First Lavender Moonlit Unwritten Second",
        "Kisses Valentine Vows Promise Lovers Rendezvous Heart Embrace Bouquet Longing Waltz Affair",
    ),
    "Science Fiction": (
        "Quantum Orbital Synthetic Stellar Martian Binary Galactic Frozen Neural Infinite Lunar Parallel",
        "Horizon Colony Signal Android Nebula Paradox Station Protocol Voyage Eclipse Machine Frontier",
    ),
    "Western": (
        "Dusty Lonesome Dry Crimson Outlaw Rattlesnake Silver Prairie Broken Sundown Wild Last",
        "Canyon Saddle Stagecoach Sheriff Ranch Gulch Marshal Trail Saloon Stampede Creek Posse",
    ),
}

GENRES = tuple(WORDS)


def titles(genre: str) -> list[str]:
    """Return every title of a genre, 144 of them, in an order that is always the same."""
    first, second = WORDS[genre]
    return [f"{one} {other}" for one, other in product(first.split(), second.split())]
