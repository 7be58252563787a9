"""The words of the phrasebook, as tables that can be read and extended like a dictionary.

A German noun is entered with its article, because the article is its gender.  The plural follows; an
empty plural means that the phrasebook never uses one.  A German verb is entered with its participle, and
a bar marks a separable prefix ("ab|holen").  An English verb may carry a movable particle after a bar
("pick|up the child", "pick him up") or fixed words after a space ("look for the child").

Tags keep the sentences sensible: a verb takes only nouns with one of the tags in `objects`, and an
adjective describes only nouns with one of the tags in `fits`.

Entries compare by identity (eq=False): "her" and "their" are two determiners, though both are "ihr", and
comparing whole entries would be slow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Case = Literal["nominative", "accusative", "dative"]
Gender = Literal["masculine", "feminine", "neuter"]
Declension = Literal["definite", "der-word", "ein-word", "number", "quantity", "none"]
Frame = Literal["alone", "object", "recipient", "goal", "placing"]
Tense = Literal["now", "habit", "past", "future"]

GENDER_OF_ARTICLE: dict[str, Gender] = {"der": "masculine", "die": "feminine", "das": "neuter"}


@dataclass(frozen=True, eq=False)
class Noun:
    """A noun; `weak` German nouns (der Junge, den Jungen) look like their plural outside the nominative.

    `location` (English and German preposition) and `goal` (German preposition) only matter for places.
    """

    en: str
    en_plural: str
    de_with_article: str
    de_plural: str
    tags: str
    weak: bool = False
    location: tuple[str, str] = ("in", "in")
    goal: str = "in"

    @property
    def gender(self) -> Gender:
        """The grammatical gender, read off the article."""
        return GENDER_OF_ARTICLE[self.de_with_article.split()[0]]

    @property
    def de(self) -> str:
        """The German noun without its article."""
        return self.de_with_article.split()[1]


@dataclass(frozen=True, eq=False)
class Adjective:
    """An adjective, the tags of the nouns it fits, and its comparatives (empty: never compared)."""

    en: str
    de: str
    fits: str
    en_comparative: str = ""
    de_comparative: str = ""


@dataclass(frozen=True, eq=False)
class Determiner:
    """What stands before a noun; the declension decides its own ending and that of the adjective."""

    en: str
    en_plural: str
    de: str
    declension: Declension


@dataclass(frozen=True, eq=False)
class Verb:
    """A verb with its frame (what it needs beside the subject) and the uses that make sense for it.

    `past` is the irregular English past, `stem` the changed German stem of du and er (lesen: du liest),
    `case` the case of the German object and `preposition` the preposition before it (warten auf).
    Verbs that are not `progressive` describe a state: "I know", never "I am knowing".
    """

    en: str
    de: str
    participle: str
    past: str = ""
    stem: str = ""
    frame: Frame = "object"
    objects: str = ""
    case: Case = "accusative"
    preposition: str = ""
    auxiliary: str = "haben"
    subjects: str = "person"
    uses: str = "now habit past future modal command"
    adjuncts: str = ""
    progressive: bool = True


@dataclass(frozen=True)
class Modal:
    """A modal verb; without an English auxiliary ("want to") English builds questions with "do"."""

    en_auxiliary: str
    en_rest: str
    de: str


@dataclass(frozen=True)
class Time:
    """An adverb of time, tied to one tense; `before_verb` is the English "he often reads"."""

    en: str
    de: str
    tense: Tense
    before_verb: bool = False


@dataclass(frozen=True)
class Preposition:
    """An English preposition, its German counterpart and the case that the German one governs."""

    en: str
    de: str
    case: Case


EVENT = "past future modal"  # nobody says "I am finding the key"
STATE = "now"  # nobody says "I can know him"

NOUNS = (
    # People.
    Noun("man", "men", "der Mann", "Männer", "unowned person visible"),
    Noun("woman", "women", "die Frau", "Frauen", "unowned person visible"),
    Noun("child", "children", "das Kind", "Kinder", "person visible"),
    Noun("boy", "boys", "der Junge", "Jungen", "unowned person visible", weak=True),
    Noun("girl", "girls", "das Mädchen", "Mädchen", "unowned person visible"),
    Noun("teacher", "teachers", "der Lehrer", "Lehrer", "person visible"),
    Noun("student", "students", "der Student", "Studenten", "person visible", weak=True),
    Noun("doctor", "doctors", "der Arzt", "Ärzte", "person visible"),
    Noun("friend", "friends", "der Freund", "Freunde", "person visible"),
    Noun("neighbour", "neighbours", "der Nachbar", "Nachbarn", "person visible", weak=True),
    Noun("colleague", "colleagues", "der Kollege", "Kollegen", "person visible", weak=True),
    Noun("guest", "guests", "der Gast", "Gäste", "person visible"),
    Noun("baker", "bakers", "der Bäcker", "Bäcker", "unowned person visible"),
    Noun("farmer", "farmers", "der Bauer", "Bauern", "unowned person visible", weak=True),
    Noun("artist", "artists", "der Künstler", "Künstler", "unowned person visible"),
    Noun("tourist", "tourists", "der Tourist", "Touristen", "unowned person visible", weak=True),
    Noun("brother", "brothers", "der Bruder", "Brüder", "person family visible"),
    Noun("sister", "sisters", "die Schwester", "Schwestern", "person family visible"),
    Noun("mother", "", "die Mutter", "", "person family visible"),
    Noun("father", "", "der Vater", "", "person family visible"),
    Noun("grandmother", "", "die Großmutter", "", "person family visible"),
    Noun("aunt", "aunts", "die Tante", "Tanten", "person family visible"),
    Noun("daughter", "daughters", "die Tochter", "Töchter", "person family visible"),
    Noun("son", "sons", "der Sohn", "Söhne", "person family visible"),
    # Animals.
    Noun("dog", "dogs", "der Hund", "Hunde", "animal visible owned"),
    Noun("cat", "cats", "die Katze", "Katzen", "animal visible owned painted"),
    Noun("horse", "horses", "das Pferd", "Pferde", "animal visible owned painted"),
    Noun("bird", "birds", "der Vogel", "Vögel", "animal visible owned painted"),
    Noun("cow", "cows", "die Kuh", "Kühe", "animal visible owned"),
    # Food and drink; what has no plural here is uncountable.
    Noun("apple", "apples", "der Apfel", "Äpfel", "food piece ware fresh sweet"),
    Noun("banana", "bananas", "die Banane", "Bananen", "food piece ware fresh sweet"),
    Noun("tomato", "tomatoes", "die Tomate", "Tomaten", "food piece ware fresh"),
    Noun("potato", "potatoes", "die Kartoffel", "Kartoffeln", "food piece ware cooked"),
    Noun("egg", "eggs", "das Ei", "Eier", "food piece ware cooked fresh"),
    Noun("cake", "cakes", "der Kuchen", "Kuchen", "food piece ware sweet gift"),
    Noun("soup", "soups", "die Suppe", "Suppen", "food cooked served"),
    Noun("bread", "", "das Brot", "", "mass food ware fresh"),
    Noun("cheese", "", "der Käse", "", "mass food ware fresh"),
    Noun("meat", "", "das Fleisch", "", "mass food ware fresh cooked"),
    Noun("coffee", "", "der Kaffee", "", "mass drink ware served"),
    Noun("tea", "", "der Tee", "", "mass drink ware served sweet"),
    Noun("milk", "", "die Milch", "", "mass drink ware served fresh"),
    Noun("water", "", "das Wasser", "", "mass drink served fresh"),
    Noun("juice", "", "der Saft", "", "mass drink ware sweet fresh"),
    # Things to read.
    Noun("book", "books", "das Buch", "Bücher", "thing readable written ware small gift lying"),
    Noun("newspaper", "newspapers", "die Zeitung", "Zeitungen", "thing readable ware small lying"),
    Noun("letter", "letters", "der Brief", "Briefe", "thing readable written small lying opened sent"),
    Noun("poem", "poems", "das Gedicht", "Gedichte", "readable written sent"),
    Noun("novel", "novels", "der Roman", "Romane", "readable written ware gift"),
    Noun("story", "stories", "die Geschichte", "Geschichten", "readable written sent"),
    # Clothes.
    Noun("coat", "coats", "der Mantel", "Mäntel", "clothing ware lying"),
    Noun("shirt", "shirts", "das Hemd", "Hemden", "clothing ware washed lying gift"),
    Noun("skirt", "skirts", "der Rock", "Röcke", "clothing ware washed lying"),
    Noun("jacket", "jackets", "die Jacke", "Jacken", "clothing ware washed lying"),
    Noun("hat", "hats", "der Hut", "Hüte", "clothing ware small lying gift"),
    Noun("dress", "dresses", "das Kleid", "Kleider", "clothing ware washed lying"),
    Noun("shoe", "shoes", "der Schuh", "Schuhe", "clothing ware cleaned"),
    # Things about the house.
    Noun("table", "tables", "der Tisch", "Tische", "thing ware furniture support cleaned heavy coloured"),
    Noun("chair", "chairs", "der Stuhl", "Stühle", "thing ware furniture support repaired coloured"),
    Noun("bed", "beds", "das Bett", "Betten", "thing ware furniture support heavy"),
    Noun("cupboard", "cupboards", "der Schrank", "Schränke", "thing ware furniture heavy cleaned"),
    Noun("lamp", "lamps", "die Lampe", "Lampen", "thing ware device standing repaired coloured"),
    Noun("cup", "cups", "die Tasse", "Tassen", "thing ware vessel washed standing coloured"),
    Noun("glass", "glasses", "das Glas", "Gläser", "thing ware vessel washed standing"),
    Noun("bottle", "bottles", "die Flasche", "Flaschen", "thing vessel closed opened standing washed"),
    Noun("knife", "knives", "das Messer", "Messer", "thing ware small washed lying"),
    Noun("key", "keys", "der Schlüssel", "Schlüssel", "thing small lying"),
    Noun("bag", "bags", "die Tasche", "Taschen", "thing ware small vessel closed opened coloured heavy"),
    Noun("box", "boxes", "die Kiste", "Kisten", "thing vessel closed opened heavy support standing"),
    Noun("umbrella", "umbrellas", "der Regenschirm", "Regenschirme", "thing ware small opened coloured gift"),
    Noun("bicycle", "bicycles", "das Fahrrad", "Fahrräder", "thing ware repaired cleaned coloured gift"),
    Noun("car", "cars", "das Auto", "Autos", "thing ware repaired cleaned washed coloured"),
    Noun("ball", "balls", "der Ball", "Bälle", "thing ware small coloured gift"),
    Noun("guitar", "guitars", "die Gitarre", "Gitarren", "thing ware repaired gift"),
    Noun("picture", "pictures", "das Bild", "Bilder", "thing ware painted gift sent"),
    Noun("flower", "flowers", "die Blume", "Blumen", "thing ware painted coloured gift"),
    Noun("gift", "gifts", "das Geschenk", "Geschenke", "thing small opened sent gift"),
    Noun("radio", "radios", "das Radio", "Radios", "thing ware device repaired"),
    Noun("computer", "computers", "der Computer", "Computer", "thing ware device repaired"),
    Noun("window", "windows", "das Fenster", "Fenster", "closed opened cleaned repaired"),
    Noun("door", "doors", "die Tür", "Türen", "furniture closed opened cleaned repaired coloured"),
    # Places.
    Noun("house", "houses", "das Haus", "Häuser", "place building visible painted room cleaned"),
    Noun("city", "cities", "die Stadt", "Städte", "place visible far"),
    Noun("village", "villages", "das Dorf", "Dörfer", "unowned place visible far"),
    Noun("school", "schools", "die Schule", "Schulen", "place building visible", location=("at", "in"),
         goal="zu"),
    Noun("park", "parks", "der Park", "Parks", "unowned place visible"),
    Noun("garden", "gardens", "der Garten", "Gärten", "place visible painted"),
    Noun("museum", "museums", "das Museum", "Museen", "unowned place building visible far"),
    Noun("church", "churches", "die Kirche", "Kirchen", "unowned place building visible painted"),
    Noun("station", "stations", "der Bahnhof", "Bahnhöfe", "unowned place building visible far",
         location=("at", "an"), goal="zu"),
    Noun("restaurant", "restaurants", "das Restaurant", "Restaurants", "unowned place building visible far"),
    Noun("hotel", "hotels", "das Hotel", "Hotels", "unowned place building visible far"),
    Noun("library", "libraries", "die Bibliothek", "Bibliotheken", "unowned place building visible room"),
    Noun("kitchen", "kitchens", "die Küche", "Küchen", "place cleaned room"),
    Noun("market", "markets", "der Markt", "Märkte", "unowned place visible", location=("at", "auf"),
         goal="auf"),
    Noun("office", "offices", "das Büro", "Büros", "place building cleaned room"),
    Noun("forest", "forests", "der Wald", "Wälder", "unowned place visible painted far"),
    Noun("beach", "beaches", "der Strand", "Strände", "unowned place visible far", location=("at", "an"),
         goal="an"),
)  # fmt: skip

ADJECTIVES = (
    Adjective("old", "alt", "person animal thing clothing place readable closed", "older", "älter"),
    Adjective("new", "neu", "thing clothing readable building", "newer", "neuer"),
    Adjective("small", "klein", "animal thing clothing place piece closed", "smaller", "kleiner"),
    Adjective("big", "groß", "animal thing clothing place piece closed", "bigger", "größer"),
    Adjective("beautiful", "schön", "thing clothing place readable animal", "more beautiful", "schöner"),
    Adjective("ugly", "hässlich", "thing clothing building", "uglier", "hässlicher"),
    Adjective("red", "rot", "clothing coloured"),
    Adjective("blue", "blau", "clothing coloured"),
    Adjective("green", "grün", "clothing coloured"),
    Adjective("yellow", "gelb", "clothing coloured"),
    Adjective("white", "weiß", "clothing coloured animal"),
    Adjective("black", "schwarz", "clothing coloured animal"),
    Adjective("expensive", "teuer", "ware", "more expensive", "teurer"),
    Adjective("cheap", "billig", "ware", "cheaper", "billiger"),
    Adjective("young", "jung", "person animal", "younger", "jünger"),
    Adjective("friendly", "freundlich", "person", "friendlier", "freundlicher"),
    Adjective("clever", "klug", "person animal", "cleverer", "klüger"),
    Adjective("rich", "reich", "person"),
    Adjective("poor", "arm", "person"),
    Adjective("famous", "berühmt", "person building readable", "more famous", "berühmter"),
    Adjective("sick", "krank", "person animal"),
    Adjective("tired", "müde", "person animal"),
    Adjective("hungry", "hungrig", "person animal"),
    Adjective("thirsty", "durstig", "person animal"),
    Adjective("happy", "glücklich", "person", "happier", "glücklicher"),
    Adjective("sad", "traurig", "person"),
    Adjective("angry", "wütend", "person"),
    Adjective("good", "gut", "readable food drink", "better", "besser"),
    Adjective("fresh", "frisch", "fresh"),
    Adjective("sweet", "süß", "sweet"),
    Adjective("warm", "warm", "served clothing", "warmer", "wärmer"),
    Adjective("cold", "kalt", "served drink", "colder", "kälter"),
    Adjective("hot", "heiß", "served"),
    Adjective("heavy", "schwer", "heavy device furniture", "heavier", "schwerer"),
    Adjective("interesting", "interessant", "readable place", "more interesting", "interessanter"),
    Adjective("boring", "langweilig", "readable place", "more boring", "langweiliger"),
    Adjective("long", "lang", "readable clothing", "longer", "länger"),
    Adjective("short", "kurz", "readable clothing", "shorter", "kürzer"),
    Adjective("modern", "modern", "building device", "more modern", "moderner"),
    Adjective("dark", "dunkel", "building room clothing", "darker", "dunkler"),
    Adjective("dirty", "schmutzig", "clothing washed cleaned", "dirtier", "schmutziger"),
    Adjective("empty", "leer", "vessel building"),
)

VERBS = (
    # With an accusative object.
    Verb("read", "lesen", "gelesen", "read", "lies", objects="readable", adjuncts="place"),
    Verb("write", "schreiben", "geschrieben", "wrote", objects="written", adjuncts="for"),
    Verb("eat", "essen", "gegessen", "ate", "iss", objects="food", subjects="person animal",
         adjuncts="place"),
    Verb("drink", "trinken", "getrunken", "drank", objects="drink", subjects="person animal",
         adjuncts="place"),
    Verb("cook", "kochen", "gekocht", objects="cooked", adjuncts="for"),
    Verb("buy", "kaufen", "gekauft", "bought", objects="ware", adjuncts="for place"),
    Verb("sell", "verkaufen", "verkauft", "sold", objects="ware", adjuncts="place"),
    Verb("find", "finden", "gefunden", "found", objects="thing animal", uses=EVENT),
    Verb("forget", "vergessen", "vergessen", "forgot", "vergiss", objects="small", uses="past future"),
    Verb("look for", "suchen", "gesucht", objects="person animal thing clothing"),
    Verb("wear", "tragen", "getragen", "wore", "träg", objects="clothing"),
    Verb("wash", "waschen", "gewaschen", stem="wäsch", objects="washed"),
    Verb("clean", "putzen", "geputzt", objects="cleaned"),
    Verb("repair", "reparieren", "repariert", objects="repaired", adjuncts="for"),
    Verb("draw", "zeichnen", "gezeichnet", "drew", objects="painted", adjuncts="for"),
    Verb("visit", "besuchen", "besucht", objects="person visible"),
    Verb("ask", "fragen", "gefragt", objects="person"),
    Verb("see", "sehen", "gesehen", "saw", "sieh", objects="visible", subjects="person animal",
         uses="now past modal", progressive=False),
    Verb("hear", "hören", "gehört", "heard", objects="person animal", subjects="person animal",
         uses="now past modal", progressive=False),
    Verb("understand", "verstehen", "verstanden", "understood", objects="person readable",
         uses="now past future modal", progressive=False),
    Verb("know", "kennen", "gekannt", "knew", objects="person", uses=STATE, progressive=False),
    Verb("love", "lieben", "geliebt", objects="person animal", subjects="person animal", uses="now modal",
         progressive=False),
    Verb("like", "mögen", "gemocht", objects="clothing place food drink readable", uses=STATE,
         progressive=False),
    Verb("need", "brauchen", "gebraucht", objects="thing clothing", uses="now past future",
         progressive=False),
    Verb("have", "haben", "gehabt", "had", objects="thing clothing owned", uses="now past",
         progressive=False),
    # With an accusative object and a separable prefix.
    Verb("call", "an|rufen", "angerufen", objects="person"),
    Verb("invite", "ein|laden", "eingeladen", stem="läd", objects="person"),
    Verb("pick|up", "ab|holen", "abgeholt", objects="person"),
    Verb("bring|along", "mit|bringen", "mitgebracht", "brought", objects="gift drink"),
    Verb("open", "auf|machen", "aufgemacht", objects="opened"),
    Verb("close", "zu|machen", "zugemacht", objects="closed"),
    Verb("put|on", "an|ziehen", "angezogen", "put", objects="clothing"),
    Verb("turn|on", "ein|schalten", "eingeschaltet", objects="device"),
    Verb("turn|off", "aus|schalten", "ausgeschaltet", objects="device"),
    # With a dative object.
    Verb("help", "helfen", "geholfen", stem="hilf", objects="person", case="dative"),
    Verb("thank", "danken", "gedankt", objects="person", case="dative"),
    Verb("answer", "antworten", "geantwortet", objects="person", case="dative"),
    Verb("trust", "vertrauen", "vertraut", objects="person", case="dative",
         uses="now future modal", progressive=False),
    Verb("follow", "folgen", "gefolgt", objects="person animal", case="dative", auxiliary="sein",
         subjects="person animal"),
    Verb("listen to", "zu|hören", "zugehört", objects="person", case="dative"),
    # With a prepositional object.
    Verb("wait for", "warten", "gewartet", objects="person", preposition="auf", adjuncts="place"),
    Verb("think of", "denken", "gedacht", "thought", objects="person place", preposition="an"),
    Verb("talk about", "sprechen", "gesprochen", stem="sprich", objects="person readable place",
         preposition="über"),
    Verb("play with", "spielen", "gespielt", objects="person animal", case="dative", preposition="mit",
         adjuncts="place"),
    # With somebody who receives something.
    Verb("give", "geben", "gegeben", "gave", "gib", frame="recipient", objects="small gift"),
    Verb("show", "zeigen", "gezeigt", frame="recipient", objects="thing clothing building"),
    Verb("send", "schicken", "geschickt", "sent", frame="recipient", objects="sent gift"),
    Verb("bring", "bringen", "gebracht", "brought", frame="recipient", objects="food drink gift"),
    # Without any object.
    Verb("sleep", "schlafen", "geschlafen", "slept", "schläf", frame="alone", subjects="person animal",
         adjuncts="place"),
    Verb("work", "arbeiten", "gearbeitet", frame="alone", adjuncts="place with"),
    Verb("laugh", "lachen", "gelacht", frame="alone", adjuncts="place with"),
    Verb("sing", "singen", "gesungen", "sang", frame="alone", adjuncts="place with"),
    Verb("dance", "tanzen", "getanzt", frame="alone", adjuncts="place with"),
    Verb("swim", "schwimmen", "geschwommen", "swam", frame="alone", auxiliary="sein",
         subjects="person animal", adjuncts="with"),
    Verb("get up", "auf|stehen", "aufgestanden", "got", frame="alone", auxiliary="sein"),
    Verb("fall asleep", "ein|schlafen", "eingeschlafen", "fell", "schläf", frame="alone",
         auxiliary="sein", subjects="person animal", uses="now habit past future"),
    Verb("arrive", "an|kommen", "angekommen", frame="alone", auxiliary="sein",
         uses="now habit past future", adjuncts="with"),
    Verb("come back", "zurück|kommen", "zurückgekommen", "came", frame="alone", auxiliary="sein",
         subjects="person animal", adjuncts="with"),
    Verb("shop", "ein|kaufen", "eingekauft", frame="alone", adjuncts="place with"),
    Verb("watch television", "fern|sehen", "ferngesehen", stem="sieh", frame="alone", adjuncts="with"),
    # With a place to go to.
    Verb("go", "gehen", "gegangen", "went", frame="goal", objects="place", auxiliary="sein",
         adjuncts="with"),
    Verb("drive", "fahren", "gefahren", "drove", "fähr", frame="goal", objects="far", auxiliary="sein",
         adjuncts="with"),
    Verb("run", "laufen", "gelaufen", "ran", "läuf", frame="goal", objects="place", auxiliary="sein",
         subjects="person animal", adjuncts="with"),
    # With a thing and the place where it ends up.
    Verb("put", "legen", "gelegt", "put", frame="placing", objects="lying"),
    Verb("place", "stellen", "gestellt", frame="placing", objects="standing"),
)  # fmt: skip

BE = Verb("be", "sein", "gewesen", "was", frame="alone")
FIND, LOOK_FOR, LIKE, NEED, KNOW, SEE = (
    next(verb for verb in VERBS if verb.en == en) for en in ("find", "look for", "like", "need", "know", "see")
)

THINKING_VERBS = (  # followed by "that" and "dass"
    Verb("think", "denken", "gedacht", progressive=False),
    Verb("say", "sagen", "gesagt", progressive=False),
    Verb("hope", "hoffen", "gehofft", progressive=False),
    Verb("believe", "glauben", "geglaubt", progressive=False),
    Verb("know", "wissen", "gewusst", progressive=False),
)
KNOW_THAT = THINKING_VERBS[-1]

MODALS = (
    Modal("can", "", "können"),
    Modal("must", "", "müssen"),
    Modal("should", "", "sollten"),
    Modal("", "want to", "wollen"),
    Modal("would", "like to", "möchten"),
)

THE = Determiner("the", "the", "", "definite")
A = Determiner("a", "", "ein", "ein-word")
THIS = Determiner("this", "these", "dies", "der-word")
WHICH = Determiner("which", "which", "welch", "der-word")
NO = Determiner("a", "any", "kein", "ein-word")  # follows an English "not": "not a car", "kein Auto"
TWO = Determiner("", "two", "zwei", "number")
THREE = Determiner("", "three", "drei", "number")
MANY = Determiner("", "many", "viel", "quantity")
BARE = Determiner("", "", "", "none")
POSSESSIVES = (
    Determiner("my", "my", "mein", "ein-word"),
    Determiner("your", "your", "dein", "ein-word"),
    Determiner("his", "his", "sein", "ein-word"),
    Determiner("her", "her", "ihr", "ein-word"),
    Determiner("our", "our", "unser", "ein-word"),
    Determiner("their", "their", "ihr", "ein-word"),
)

TIMES = (
    Time("today", "heute", "now"),
    Time("now", "jetzt", "now"),
    Time("this evening", "heute Abend", "now"),
    Time("every day", "jeden Tag", "habit"),
    Time("every evening", "jeden Abend", "habit"),
    Time("every week", "jede Woche", "habit"),
    Time("often", "oft", "habit", before_verb=True),
    Time("sometimes", "manchmal", "habit", before_verb=True),
    Time("yesterday", "gestern", "past"),
    Time("yesterday evening", "gestern Abend", "past"),
    Time("last week", "letzte Woche", "past"),
    Time("last year", "letztes Jahr", "past"),
    Time("tomorrow", "morgen", "future"),
    Time("tomorrow evening", "morgen Abend", "future"),
    Time("next week", "nächste Woche", "future"),
    Time("next year", "nächstes Jahr", "future"),
)
PLEASE = Time("please", "bitte", "now")

# These govern the dative for a place and the accusative for a direction.
TWO_WAY_PREPOSITIONS = (
    ("on", "auf"),
    ("under", "unter"),
    ("behind", "hinter"),
    ("next to", "neben"),
    ("in front of", "vor"),
)
WITH = Preposition("with", "mit", "dative")
WITHOUT = Preposition("without", "ohne", "accusative")
FOR = Preposition("for", "für", "accusative")
