"""Sentence patterns of one clause: statements, negations, questions, commands, descriptions."""

from __future__ import annotations

from dataclasses import dataclass, replace

from phrasebook_grammar.clauses import (
    Clause,
    Combination,
    Predicate,
    english_infinitive,
    english_question,
    english_statement,
    german_command,
    german_question,
    german_statement,
)
from phrasebook_grammar.inflection import (
    PERSONAL_PRONOUNS,
    WHAT,
    WHO,
    YOU,
    NounPhrase,
    Phrase,
    english,
    german,
    words,
)
from phrasebook_grammar.lexicon import ADJECTIVES, BE, LOOK_FOR, PLEASE, THE, THIS, WHICH, Adjective, Tense
from phrasebook_grammar.picker import ALL_FRAMES, DEFINITE, Picker, adjectives_for, nouns_with, share_a_tag, verbs_for

STATES = {"sick", "tired", "hungry", "thirsty", "happy", "sad", "angry"}


@dataclass(frozen=True)
class Pair:
    """An English sentence, its German translation and the word combinations that they contain."""

    source: str
    target: str
    combinations: frozenset[Combination]


def pair(english_text: str, german_text: str, mark: str, *clauses: Clause) -> Pair:
    """Capitalize and punctuate both sides and collect the combinations of all clauses."""
    texts = (english_text, german_text.removesuffix(","))  # a relative clause at the end needs no comma
    source, target = (text[0].upper() + text[1:] + mark for text in texts)
    return Pair(source, target, frozenset().union(*(clause.combinations() for clause in clauses)))


def as_statement(clause: Clause, time_first: bool = False) -> Pair:
    """A sentence of one main clause."""
    return pair(english_statement(clause, time_first), german_statement(clause, time_first), ".", clause)


def as_question(clause: Clause, opener: tuple[str, str] = ("", "")) -> Pair:
    """A question, perhaps opened by a question word."""
    return pair(english_question(clause, opener[0]), german_question(clause, opener[1]), "?", clause)


def as_command(clause: Clause, polite: bool = False) -> Pair:
    """A command; German puts "bitte" where a time would stand."""
    source = words("please" if polite else "", "do not" if clause.negated else "", english_infinitive(clause))
    return pair(source, german_command(replace(clause, time=PLEASE if polite else None)), "!", clause)


def being(subject: Phrase, adjective: Adjective, tense: Tense = "now", degree: tuple[str, str] = ("", "")) -> Clause:
    """The clause that somebody or something is so, perhaps "very" or "too" much so."""
    predicate = Predicate(words(degree[0], adjective.en), words(degree[1], adjective.de), adjective)
    return Clause(subject, BE, tense, predicate=predicate)


def timed(picker: Picker, clause: Clause, probability: float) -> Clause:
    """Perhaps add a time, which verbs of state do without; a habit always needs one."""
    eventful = clause.verb.progressive or clause.tense != "now"
    if clause.tense == "habit" or (picker.chance(probability) and eventful):
        return replace(clause, time=picker.time(clause.tense))
    return clause


def state(picker: Picker, subject: Phrase) -> Adjective:
    """An adjective such as "tired" that gives a reason or a condition."""
    noun = subject.noun if isinstance(subject, NounPhrase) else nouns_with("person")[0]
    return picker.one([adjective for adjective in adjectives_for(noun) if adjective.en in STATES])


# What happens -------------------------------------------------------------------------------------


def statement(picker: Picker) -> Pair:
    """The man is reading an old book. Der Mann liest ein altes Buch."""
    tense = picker.tense("habit", "now", "habit", "past", "future")
    return as_statement(timed(picker, picker.clause(tense), 0.9 if tense == "past" else 0.4))


def time_first(picker: Picker) -> Pair:
    """Yesterday I bought a coat. Gestern habe ich einen Mantel gekauft."""
    tense = picker.tense()
    time = picker.time(tense)
    verbs = [verb for verb in verbs_for(tense, ALL_FRAMES) if verb.progressive or tense != "now"]
    clause = replace(picker.clause(tense, verb=picker.one(verbs)), time=time)
    return as_statement(clause, time_first=True)


def modal_statement(picker: Picker) -> Pair:
    """We want to visit the museum. Wir wollen das Museum besuchen."""
    clause = picker.clause(modal=picker.modal())
    return as_statement(timed(picker, clause, 0.3))


def negation(picker: Picker) -> Pair:
    """She is not buying a hat. Sie kauft keinen Hut."""
    tense = picker.tense("now", "past", "future")
    modal = picker.modal(deniable=True) if picker.chance(0.3) else None
    return as_statement(picker.clause("now" if modal else tense, modal=modal, negated=True))


def yes_no_question(picker: Picker) -> Pair:
    """Did the child sleep? Hat das Kind geschlafen?"""
    tense = picker.tense()
    modal = picker.modal(deniable=True) if picker.chance(0.2) else None
    clause = picker.clause("now" if modal else tense, modal=modal, adjuncts=0.2)
    return as_question(timed(picker, clause, 0.2))


def question_of_circumstance(picker: Picker) -> Pair:
    """When will you come back? Wann wirst du zurückkommen?"""
    en, de = picker.one((("when", "wann"), ("why", "warum"), ("where", "wo")))
    if en == "where":  # only what happens somewhere can be asked for
        verbs = [verb for verb in verbs_for("now", ("alone", "object")) if "place" in verb.adjuncts]
        clause = picker.clause(picker.tense("now", "past", "future"), verb=picker.one(verbs), adjuncts=0)
    else:
        clause = picker.clause(picker.tense("now", "past", "future"), adjuncts=0.2)
    return as_question(clause, (en, de))


def question_who(picker: Picker) -> Pair:
    """Who is helping the man? Wer hilft dem Mann?"""
    clause = timed(picker, picker.clause(picker.tense("now", "past", "future"), subject=WHO), 0.3)
    return pair(english_statement(clause), german_statement(clause), "?", clause)


def question_what_or_whom(picker: Picker) -> Pair:
    """What does she need? Was braucht sie? Who is he waiting for? Auf wen wartet er?"""
    tense = picker.tense("now", "past", "future")
    verb = picker.verb(tense, ("object",))
    person = share_a_tag(verb.objects, "person")
    word = WHO if person else WHAT
    clause = replace(picker.clause(tense, verb=verb, adjuncts=0.2), object=word, extracted=True)
    opener = words(verb.preposition, german(word, verb.case))
    return as_question(timed(picker, clause, 0.3), (word.en_object, opener))


def question_which(picker: Picker) -> Pair:
    """Which book is the woman reading? Welches Buch liest die Frau?"""
    tense = picker.tense("now", "past", "future")
    clause = picker.clause(tense, frames=("object",), adjuncts=0)
    nouns = [noun for noun in nouns_with(clause.verb.objects) if "family" not in noun.tags]
    thing = picker.noun_phrase(picker.one(nouns), (WHICH,), adjective=0.3)
    clause = replace(clause, object=thing, extracted=True)
    opener = words(clause.verb.preposition, german(thing, clause.verb.case))
    return as_question(clause, (english(thing, "object"), opener))


def command(picker: Picker) -> Pair:
    """Please open the window! Mach bitte das Fenster auf!"""
    verb = picker.verb("command")
    clause = picker.clause(subject=YOU, verb=verb, negated=picker.chance(0.15), adjuncts=0.2)
    return as_command(clause, polite=picker.chance(0.5))


# How and where things are --------------------------------------------------------------------------


def description(picker: Picker) -> Pair:
    """The lamps were very expensive. Die Lampen waren sehr teuer."""
    tense = picker.tense("now", "now", "past")
    degree = picker.one((("", ""), ("", ""), ("very", "sehr")))
    noun = picker.noun("person animal thing clothing food drink readable place")
    subject = picker.noun_phrase(noun, (THE, THE, THIS, *DEFINITE[6:]), adjective=0)
    clause = being(subject, picker.adjective(noun), tense, degree)
    if picker.chance(0.25):
        return as_question(clause)
    return as_statement(replace(clause, negated=picker.chance(0.25)))


def feeling(picker: Picker) -> Pair:
    """I was tired yesterday. Ich war gestern müde."""
    subject = picker.one(PERSONAL_PRONOUNS)
    tense = picker.tense("now", "past")
    clause = being(subject, state(picker, subject), tense, picker.one((("", ""), ("very", "sehr"))))
    return as_statement(timed(picker, clause, 0.6))


def comparison(picker: Picker) -> Pair:
    """My coat is older than your jacket. Mein Mantel ist älter als deine Jacke."""
    adjective = picker.one([adjective for adjective in ADJECTIVES if adjective.en_comparative])
    kind = picker.one(adjective.fits.split())
    nouns = picker.randomness.sample(nouns_with(kind), 2)
    first, second = (picker.noun_phrase(noun, DEFINITE, adjective=0, plural=0.2) for noun in nouns)
    if picker.chance(0.7):
        en, de = f"{adjective.en_comparative} than", f"{adjective.de_comparative} als"
    else:
        en, de = f"as {adjective.en} as", f"so {adjective.de} wie"
    en, de = words(en, english(second, "object")), words(de, german(second, "nominative"))
    clause = Clause(first, BE, picker.tense("now", "past"), predicate=Predicate(en, de, adjective))
    return pair(english_statement(clause), german_statement(clause), ".", clause)


def location(picker: Picker) -> Pair:
    """The key is under the bed. Der Schlüssel ist unter dem Bett."""
    tense = picker.tense("now", "past")
    if picker.chance(0.5):
        subject: Phrase = picker.noun_phrase(picker.noun("lying standing small"), DEFINITE)
        where = picker.spot(moving=False)
    else:
        subject = picker.subject(LOOK_FOR, DEFINITE)
        where = picker.place()
    clause = Clause(subject, BE, tense, adjunct=where)
    if picker.chance(0.2):
        return as_question(clause)
    return as_statement(replace(clause, negated=picker.chance(0.2)))
