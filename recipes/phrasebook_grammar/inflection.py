"""The grammar of single words and noun phrases: German endings and English forms.

Every function states its rule; the tables beside them are the ones of a school grammar.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from phrasebook_grammar.lexicon import NO, A, Adjective, Case, Determiner, Noun, Preposition, Verb

Person = Literal["1s", "2s", "3s", "1p", "3p"]
Column = Literal["masculine", "feminine", "neuter", "plural"]

# The columns of each row: masculine, feminine, neuter, plural.
COLUMNS: tuple[Column, ...] = ("masculine", "feminine", "neuter", "plural")
DEFINITE_ARTICLE: dict[Case, tuple[str, ...]] = {
    "nominative": ("der", "die", "das", "die"),
    "accusative": ("den", "die", "das", "die"),
    "dative": ("dem", "der", "dem", "den"),
}
STRONG_ENDING: dict[Case, tuple[str, ...]] = {
    "nominative": ("er", "e", "es", "e"),
    "accusative": ("en", "e", "es", "e"),
    "dative": ("em", "er", "em", "en"),
}
EIN_WORD_ENDING: dict[Case, tuple[str, ...]] = {
    "nominative": ("", "e", "", "e"),
    "accusative": ("en", "e", "", "e"),
    "dative": ("em", "er", "em", "en"),
}
WEAK_ENDING: dict[Case, tuple[str, ...]] = {
    "nominative": ("e", "e", "e", "en"),
    "accusative": ("en", "e", "e", "en"),
    "dative": ("en", "en", "en", "en"),
}
CONTRACTIONS = {"in dem": "im", "in das": "ins", "an dem": "am", "zu dem": "zum", "zu der": "zur"}

PERSONS: tuple[Person, ...] = ("1s", "2s", "3s", "1p", "3p")
PRESENT_ENDING: dict[Person, str] = {"1s": "e", "2s": "st", "3s": "t", "1p": "en", "3p": "en"}
IRREGULAR_PRESENT = {
    "sein": ("bin", "bist", "ist", "sind", "sind"),
    "haben": ("habe", "hast", "hat", "haben", "haben"),
    "werden": ("werde", "wirst", "wird", "werden", "werden"),
    "wissen": ("weiß", "weißt", "weiß", "wissen", "wissen"),
    "mögen": ("mag", "magst", "mag", "mögen", "mögen"),
    "können": ("kann", "kannst", "kann", "können", "können"),
    "müssen": ("muss", "musst", "muss", "müssen", "müssen"),
    "wollen": ("will", "willst", "will", "wollen", "wollen"),
    "sollten": ("sollte", "solltest", "sollte", "sollten", "sollten"),
    "möchten": ("möchte", "möchtest", "möchte", "möchten", "möchten"),
}
SIMPLE_PAST = {
    "sein": ("war", "warst", "war", "waren", "waren"),
    "haben": ("hatte", "hattest", "hatte", "hatten", "hatten"),
}
ENGLISH_BE = {"1s": "am", "2s": "are", "3s": "is", "1p": "are", "3p": "are"}
DOUBLED_CONSONANT = {"get", "put", "run", "swim", "shop", "forget"}  # getting, shopped


@dataclass(frozen=True)
class Pronoun:
    """A personal, interrogative or relative pronoun with all its forms."""

    person: Person
    en_subject: str
    en_object: str
    nominative: str
    accusative: str
    dative: str
    antecedent: Noun | None = None


@dataclass(frozen=True)
class NounPhrase:
    """A determiner, perhaps an adjective, and a noun: "my old friends".

    `relative` holds a finished relative clause in English and German.
    """

    determiner: Determiner
    noun: Noun
    plural: bool = False
    adjective: Adjective | None = None
    relative: tuple[str, str] = ("", "")

    @property
    def person(self) -> Person:
        """The person that a verb agrees with."""
        return "3p" if self.plural else "3s"

    @property
    def column(self) -> Column:
        """The column of the declension tables: German plurals have no gender."""
        return "plural" if self.plural else self.noun.gender


Phrase = Pronoun | NounPhrase

I_ = Pronoun("1s", "I", "me", "ich", "mich", "mir")
YOU = Pronoun("2s", "you", "you", "du", "dich", "dir")
HE = Pronoun("3s", "he", "him", "er", "ihn", "ihm")
SHE = Pronoun("3s", "she", "her", "sie", "sie", "ihr")
WE = Pronoun("1p", "we", "us", "wir", "uns", "uns")
THEY = Pronoun("3p", "they", "them", "sie", "sie", "ihnen")
WHO = Pronoun("3s", "who", "who", "wer", "wen", "wem")
WHAT = Pronoun("3s", "what", "what", "was", "was", "")
PERSONAL_PRONOUNS = (I_, YOU, HE, SHE, WE, THEY)


def words(*parts: str) -> str:
    """Join the parts that are not empty with single spaces."""
    return " ".join(part for part in parts if part)


def cell(table: dict[Case, tuple[str, ...]], case: Case, column: Column) -> str:
    """Look one ending up in a declension table."""
    return table[case][COLUMNS.index(column)]


def german_determiner(determiner: Determiner, case: Case, column: Column) -> str:
    """Decline a determiner: der/den/dem, ein-words without ending in three places, numbers not at all."""
    if determiner is A and column == "plural":
        return ""
    match determiner.declension:
        case "definite":
            return cell(DEFINITE_ARTICLE, case, column)
        case "der-word" | "quantity":
            return determiner.de + cell(STRONG_ENDING, case, column)
        case "ein-word":
            return determiner.de + cell(EIN_WORD_ENDING, case, column)
        case _:
            return determiner.de


def german_adjective(adjective: Adjective, determiner: Determiner, case: Case, column: Column) -> str:
    """Decline an adjective: it shows the strong ending exactly where the determiner shows none.

    After der-words the ending is weak, after ein-words weak too, unless the ein-word is bare (ein alter
    Freund); without any determiner and after numbers and "viele" it is strong.
    """
    stem = adjective.de
    if stem.endswith("el"):
        stem = stem[:-2] + "l"  # dunkel, dunkle
    elif stem.endswith("euer"):
        stem = stem[:-2] + "r"  # teuer, teure
    elif stem.endswith("e"):
        stem = stem[:-1]  # müde, müder
    word = german_determiner(determiner, case, column)
    strong = determiner.declension == "quantity" or word in ("", determiner.de)
    return stem + cell(STRONG_ENDING if strong else WEAK_ENDING, case, column)


def german_noun(noun: Noun, case: Case, plural: bool) -> str:
    """Decline a noun: -n in the dative plural (not after -n and -s), weak nouns outside the nominative."""
    if plural:
        needs_n = case == "dative" and not noun.de_plural.endswith(("n", "s"))
        return noun.de_plural + ("n" if needs_n else "")
    return noun.de_plural if noun.weak and case != "nominative" else noun.de


def german(phrase: Phrase, case: Case) -> str:
    """Put a whole phrase into a case."""
    if isinstance(phrase, Pronoun):
        forms: dict[Case, str] = {
            "nominative": phrase.nominative,
            "accusative": phrase.accusative,
            "dative": phrase.dative,
        }
        return forms[case]
    determiner, column = phrase.determiner, phrase.column
    adjective = phrase.adjective and german_adjective(phrase.adjective, determiner, case, column)
    noun = german_noun(phrase.noun, case, phrase.plural)
    relative = f", {phrase.relative[1]}," if phrase.relative[1] else ""
    return words(german_determiner(determiner, case, column), adjective or "", noun) + relative


def german_preposition(preposition: Preposition, phrase: Phrase) -> str:
    """Set the case that the preposition governs and contract it with the article (in dem: im)."""
    text = f"{preposition.de} {german(phrase, preposition.case)}"
    if isinstance(phrase, NounPhrase) and phrase.determiner.declension == "definite":
        first, second, *rest = text.split()
        return words(CONTRACTIONS.get(f"{first} {second}", f"{first} {second}"), *rest)
    return text


def pronoun_for(phrase: Phrase) -> Pronoun:
    """Replace a phrase by a pronoun: German looks at the gender of the noun, English at life.

    A child is "es" in German but no "it" in English, so neuter persons must not be replaced.
    """
    if isinstance(phrase, Pronoun):
        return phrase
    noun = phrase.noun
    if phrase.plural:
        return Pronoun("3p", "they", "them", "sie", "sie", "ihnen", noun)
    person = "person" in noun.tags.split()
    if person and noun.gender == "neuter":
        raise ValueError(f"No English pronoun agrees with {noun.de_with_article!r}; choose another noun.")
    match noun.gender:
        case "masculine":
            english = ("he", "him") if person else ("it", "it")
            return Pronoun("3s", *english, "er", "ihn", "ihm", noun)
        case "feminine":
            english = ("she", "her") if person else ("it", "it")
            return Pronoun("3s", *english, "sie", "sie", "ihr", noun)
        case _:
            return Pronoun("3s", "it", "it", "es", "es", "ihm", noun)


def relative_pronoun(phrase: NounPhrase) -> Pronoun:
    """The relative pronoun (der, den): gender and number of its noun, case of its own clause."""
    english = "who" if "person" in phrase.noun.tags.split() else "that"
    nominative = cell(DEFINITE_ARTICLE, "nominative", phrase.column)
    accusative = cell(DEFINITE_ARTICLE, "accusative", phrase.column)
    return Pronoun(phrase.person, english, english, nominative, accusative, "", phrase.noun)


def german_infinitive(verb: Verb) -> str:
    """The infinitive, its separable prefix attached: anrufen."""
    return verb.de.replace("|", "")


def split_prefix(verb: Verb) -> tuple[str, str]:
    """Separate the prefix (empty if there is none) from the infinitive."""
    prefix, _, rest = verb.de.rpartition("|")
    return prefix, rest


def german_stem(infinitive: str) -> str:
    """The infinitive without -en."""
    return infinitive.removesuffix("en")


def needs_e(stem: str) -> bool:
    """Stems in -t, -d and in a consonant with -n take an e that helps to speak: arbeitet, zeichnet."""
    return stem.endswith(("t", "d", "chn"))


def irregular_present(infinitive: str, person: Person) -> str:
    """Look an auxiliary or modal verb up."""
    return IRREGULAR_PRESENT[infinitive][PERSONS.index(person)]


def german_present(verb: Verb, person: Person) -> str:
    """Conjugate in the present without the prefix; du and er may change the stem (du liest)."""
    infinitive = split_prefix(verb)[1]
    if infinitive in IRREGULAR_PRESENT:
        return irregular_present(infinitive, person)
    stem, ending = german_stem(infinitive), PRESENT_ENDING[person]
    if person not in ("2s", "3s"):
        return stem + ending
    if not verb.stem and needs_e(stem):
        return f"{stem}e{ending}"
    stem = verb.stem or stem
    if person == "2s" and stem.endswith(("s", "ß", "z")):
        ending = "t"  # du liest, du tanzt
    return stem + ending


def german_imperative(verb: Verb) -> str:
    """Command a du: the stem with -e, or bare where e becomes i (lies, hilf); ä is not taken over."""
    if verb.stem and "ä" not in verb.stem:
        return verb.stem
    return german_stem(split_prefix(verb)[1]) + "e"


def german_zu_infinitive(verb: Verb) -> str:
    """The infinitive with zu, which stands between a separable prefix and its verb: anzurufen."""
    prefix, rest = split_prefix(verb)
    return f"{prefix}zu{rest}" if prefix else f"zu {rest}"


def english_head(verb: Verb) -> str:
    """The word of an English verb that is conjugated: "pick" of "pick up"."""
    return verb.en.replace("|", " ").split()[0]


def english_third_person(head: str) -> str:
    """The -s of he, she and it: goes, washes, tries, has."""
    if head == "have":
        return "has"
    if head.endswith("y") and head[-2] not in "aeou":
        return head[:-1] + "ies"
    return head + ("es" if head.endswith(("o", "sh", "ch", "s")) else "s")


def english_ing(head: str) -> str:
    """The -ing form: writing, getting, seeing."""
    if head in DOUBLED_CONSONANT:
        return head + head[-1] + "ing"
    if head.endswith("e") and not head.endswith("ee"):
        return head[:-1] + "ing"
    return head + "ing"


def english_past(verb: Verb) -> str:
    """The simple past: irregular as the lexicon says, or with -ed."""
    head = english_head(verb)
    if verb.past:
        return verb.past
    if head in DOUBLED_CONSONANT:
        return head + head[-1] + "ed"
    if head.endswith("y") and head[-2] not in "aeou":
        return head[:-1] + "ied"
    return head + ("d" if head.endswith("e") else "ed")


def english_noun_phrase(phrase: NounPhrase) -> str:
    """Determiner, adjective and noun, with "an" before a vowel."""
    adjective = phrase.adjective.en if phrase.adjective else ""
    noun = phrase.noun.en_plural if phrase.plural else phrase.noun.en
    text = words(adjective, noun)
    no_milk = phrase.determiner is NO and "mass" in phrase.noun.tags.split()
    determiner = phrase.determiner.en_plural if phrase.plural or no_milk else phrase.determiner.en
    if determiner == "a" and text[0] in "aeiou":
        determiner = "an"
    return words(determiner, text, phrase.relative[0])


def english(phrase: Phrase, role: Literal["subject", "object"]) -> str:
    """Put a phrase into English; only pronouns distinguish subject and object."""
    if isinstance(phrase, NounPhrase):
        return english_noun_phrase(phrase)
    return phrase.en_subject if role == "subject" else phrase.en_object
