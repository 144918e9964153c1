"""bot-detection, as Kong decides it.

Kong knows robots by the expressions of ua-parser; here the words that give one away and
the names of those without such a word do the same. Source of the rules:
kong/plugins/bot-detection/{handler,rules}.lua.
"""

import re
from functools import lru_cache

from kongadmin.gateway.decision import FORBIDDEN, Decision, Refusal
from kongadmin.gateway.plugins.base import Handler, Instance

# CUBOT is a maker of telephones.
WORDS = r"(?i:spider|crawl)|[Ss]crape|[Aa]rchiver|[Ii]ndexer|(?<![Cc][Uu])[Bb]ot"
NAMES = """
    50.nu
    Aboundex
    altavista
    Apache-HttpClient
    AppEngine-Google
    Ask Jeeves
    BingPreview
    BlogBridge
    boitho.com-dc
    Charlotte
    Checklinks
    CRAWL-E
    Daumoa
    facebookexternalhit
    findlinks
    Flamingo_SearchEngine
    Genieo
    GomezAgent
    gonzo1
    Google SketchUp
    Google-HTTP-Java-Client
    grub-client
    heritrix
    HiddenMarket
    holmes
    HooWWWer
    htdig
    http%20client
    HttpMonitor
    ia_archiver
    Icarus6j
    ichiro
    IconSurf
    IlTrovatore
    InfuzApp
    InternetArchive
    JNLP
    Kraken
    Kurzor
    larbin
    LEIA
    LinkAider
    Llaut
    lycos
    Mediapartners-Google
    mogimogi
    mozDex
    netresearch
    Netvibes
    NewsGator
    Nutch
    Nymesis
    ObjectsSearch
    Orbiter
    PagePeeker
    PagesInventory
    PaxleFramework
    Pompos
    Python-urllib
    Read%20Later
    Reaper
    RedCarpet
    Retreiver
    Riddler
    Rival IQ
    scooter
    Scrapy
    Scrubby
    searchsight
    semanticdiscovery
    SEOstats
    SimplePie
    SimpleRSS
    Simpy
    SiteCon
    Slurp
    snappy
    Squrl Java
    Thumbshots.ru
    TLSProber
    URL2PNG
    Vagabondo
    WASALive.Bot
    Web-sniffer
    WebThumb
    WhatWeb
    WinHTTP
    WordPress
    Wotbox
    www.almaden.ibm.com
    yacy
    Yeti
    YottaaMonitor
    Yowedo
    ZooShot
    ZyBorg
"""
# Names that would be in others' as well: they are followed by a version.
NAMES_WITH_VERSION = """
    008 Altresium Argus Axtaris BaiduMobaider BoardReader DNSGroup DataparkSearch EDI
    Goodzer Grub INGRID Infohelfer Isara LOOQ PathDefender Peew PostPost ShopSalad
    Steeler Tailsweep VSE WebCrunch WebZIP YahooSeeker envolk fetchurl sproose wminer
"""
PATTERNS = (
    r"Google.*/\+/web/snippet",
    r"^(?:NING|vortex|voyager|Zao)",
    r"Accoona-\w+-Agent",
    r"WeSEE:[A-Za-z]",
    r"Xenu.* Link Sleuth",
    r"Y!J-BR[A-Z]/\d",
    r"Yahoo[a-z]*Seeker",
    r"Yandex\w",
    r"favicon",
)
ROBOTS = re.compile(
    "|".join(
        [
            WORDS,
            *PATTERNS,
            *(re.escape(name.strip()) for name in NAMES.split("\n") if name.strip()),
            rf"(?:{'|'.join(NAMES_WITH_VERSION.split())})/\d",
        ]
    )
)
LONGEST_REMEMBERED = 512


class BotDetection(Handler):
    """Keeps out programs that say they are robots, and others by what they say."""

    is_repeatable = False

    def __init__(self, instance: Instance) -> None:
        super().__init__(instance)
        self.allow = [re.compile(rule) for rule in instance.config.get("allow") or ()]
        self.deny = [re.compile(rule) for rule in instance.config.get("deny") or ()]
        self.remembered = lru_cache(1024)(self.is_unwanted)

    def access(self, decision: Decision) -> Refusal | None:
        agent = decision.request.headers.get("HTTP_USER_AGENT")
        if agent is None:
            return None
        is_short = len(agent) <= LONGEST_REMEMBERED
        ask = self.remembered if is_short else self.is_unwanted
        return FORBIDDEN if ask(agent) else None

    def is_unwanted(self, agent: str) -> bool:
        """Say whether a program of that name is kept out."""
        agent = agent.strip()
        if any(rule.search(agent) for rule in self.allow):
            return False
        rules = [*self.deny, ROBOTS]
        return any(rule.search(agent) for rule in rules)
