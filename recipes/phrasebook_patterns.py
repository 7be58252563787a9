"""The sentence patterns of the phrasebook, each a small function, all of them in the table `PATTERNS`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from phrasebook_clauses import (
    Clause,
    Combination,
    Predicate,
    english_infinitive,
    english_question,
    english_statement,
    german_command,
    german_purpose,
    german_question,
    german_statement,
    german_subordinate,
)
from phrasebook_inflection import (
    I_,
    PERSONAL_PRONOUNS,
    THEY,
    WE,
    WHAT,
    WHO,
    YOU,
    NounPhrase,
    Phrase,
    english,
    german,
    pronoun_for,
    relative_pronoun,
    words,
)
from phrasebook_lexicon import (
    BE,
    FIND,
    KNOW,
    KNOW_THAT,
    LIKE,
    LOOK_FOR,
    MODALS,
    NEED,
    PLEASE,
    SEE,
    THE,
    THINKING_VERBS,
    THIS,
    WHICH,
    Adjective,
    Noun,
    Tense,
    Verb,
)
from phrasebook_picker import ALL_FRAMES, DEFINITE, Picker, adjectives_for, nouns_with, share_a_tag, verbs_for

TENSES: tuple[Tense, ...] = ("now", "habit", "past", "future")
CAN, MUST, SHOULD = MODALS[:3]
BECAUSE, THAT, WHETHER, ALTHOUGH, IF = "weil", "dass", "ob", "obwohl", "wenn"
EXCESSIVE = {
    "old", "small", "big", "expensive", "heavy", "long", "short", "dark", "cold", "hot", "warm", "sweet",
    "modern", "boring",
}  # fmt: skip


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


def being(
    subject: Phrase, adjective: Adjective, tense: Tense = "now", degree: tuple[str, str] = ("", "")
) -> Clause:
    """The clause that somebody or something is so, perhaps "very" or "too" much so."""
    predicate = Predicate(words(degree[0], adjective.en), words(degree[1], adjective.de), adjective)
    return Clause(subject, BE, tense, predicate=predicate)


def state(picker: Picker, subject: Phrase) -> Adjective:
    """An adjective such as "tired" that gives a reason or a condition."""
    noun = subject.noun if isinstance(subject, NounPhrase) else nouns_with("person")[0]
    return picker.one([a for a in adjectives_for(noun) if share_a_tag(a.fits, "state")])


def replaceable_person(picker: Picker) -> NounPhrase:
    """A person whom "he", "she" or "they" can stand for; German "das Kind" would need "es"."""
    nouns = [noun for noun in nouns_with("person") if noun.gender != "neuter"]
    return picker.noun_phrase(picker.one(nouns), DEFINITE, adjective=0.2)


def somebody(picker: Picker) -> Phrase:
    """A subject for two clauses."""
    return picker.one(PERSONAL_PRONOUNS) if picker.chance(0.4) else replaceable_person(picker)


def timed(picker: Picker, clause: Clause, probability: float) -> Clause:
    """Perhaps add a time, which verbs of state do without; a habit always needs one."""
    eventful = clause.verb.progressive or clause.tense != "now"
    if clause.tense == "habit" or (picker.chance(probability) and eventful):
        return replace(clause, time=picker.time(clause.tense))
    return clause


def verb_with_object(picker: Picker, tense: Tense, noun: Noun) -> Verb:
    """A verb that can be done to the noun and takes the accusative."""
    verbs = [verb for verb in verbs_for(tense, ("object",)) if share_a_tag(verb.objects, noun.tags)]
    return picker.one([verb for verb in verbs if verb.case == "accusative" and not verb.preposition])


def too_much(noun: Noun) -> list[Adjective]:
    """The adjectives that something can be too much of."""
    return [adjective for adjective in adjectives_for(noun) if adjective.en in EXCESSIVE]


def opposed(first: Clause, second: Clause) -> Pair:
    """Two main clauses with "but"."""
    source = f"{english_statement(first)}, but {english_statement(second)}"
    return pair(source, f"{german_statement(first)}, aber {german_statement(second)}", ".", first, second)


# One clause ---------------------------------------------------------------------------------------


def statement(picker: Picker) -> Pair:
    """The man is reading an old book. Der Mann liest ein altes Buch."""
    tense = picker.one(("now", *TENSES))
    return as_statement(timed(picker, picker.clause(tense), 0.9 if tense == "past" else 0.4))


def time_first(picker: Picker) -> Pair:
    """Yesterday I bought a coat. Gestern habe ich einen Mantel gekauft."""
    tense = picker.one(TENSES)
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
    tense = picker.one(("now", "past", "future"))
    modal = picker.modal(deniable=True) if picker.chance(0.3) else None
    return as_statement(picker.clause("now" if modal else tense, modal=modal, negated=True))


def yes_no_question(picker: Picker) -> Pair:
    """Did the child sleep? Hat das Kind geschlafen?"""
    tense = picker.one(TENSES)
    modal = picker.modal(deniable=True) if picker.chance(0.2) else None
    clause = picker.clause("now" if modal else tense, modal=modal, adjuncts=0.2)
    clause = timed(picker, clause, 0.2)
    return pair(english_question(clause), german_question(clause), "?", clause)


def question_of_circumstance(picker: Picker) -> Pair:
    """When will you come back? Wann wirst du zurückkommen?"""
    en, de = picker.one((("when", "wann"), ("why", "warum"), ("where", "wo")))
    if en == "where":  # only what happens somewhere can be asked for
        verb = picker.one([v for v in verbs_for("now", ("alone", "object")) if "place" in v.adjuncts])
        clause = picker.clause(picker.one(("now", "past", "future")), verb=verb, adjuncts=0)
    else:
        clause = picker.clause(picker.one(("now", "past", "future")), adjuncts=0.2)
    return pair(english_question(clause, en), german_question(clause, de), "?", clause)


def question_who(picker: Picker) -> Pair:
    """Who is helping the man? Wer hilft dem Mann?"""
    clause = timed(picker, picker.clause(picker.one(("now", "past", "future")), subject=WHO), 0.3)
    return pair(english_statement(clause), german_statement(clause), "?", clause)


def question_what_or_whom(picker: Picker) -> Pair:
    """What does she need? Was braucht sie? Who is he waiting for? Auf wen wartet er?"""
    tense = picker.one(("now", "past", "future"))
    verb = picker.verb(tense, ("object",))
    person = share_a_tag(verb.objects, "person")
    word = WHO if person else WHAT
    clause = replace(picker.clause(tense, verb=verb, adjuncts=0.2), object=word, extracted=True)
    clause = timed(picker, clause, 0.3)
    opener = words(verb.preposition, german(word, verb.case))
    return pair(english_question(clause, word.en_object), german_question(clause, opener), "?", clause)


def question_which(picker: Picker) -> Pair:
    """Which book is the woman reading? Welches Buch liest die Frau?"""
    tense = picker.one(("now", "past", "future"))
    clause = picker.clause(tense, frames=("object",), adjuncts=0)
    nouns = [noun for noun in nouns_with(clause.verb.objects) if "family" not in noun.tags]
    thing = picker.noun_phrase(picker.one(nouns), (WHICH,), adjective=0.3)
    clause = replace(clause, object=thing, extracted=True)
    opener = words(clause.verb.preposition, german(thing, clause.verb.case))
    return pair(english_question(clause, english(thing, "object")), german_question(clause, opener), "?", clause)


def command(picker: Picker) -> Pair:
    """Please open the window! Mach bitte das Fenster auf!"""
    verb = picker.verb("command")
    clause = picker.clause(subject=YOU, verb=verb, negated=picker.chance(0.15), adjuncts=0.2)
    polite = picker.chance(0.5)
    clause = replace(clause, time=PLEASE if polite else None)
    text = english_infinitive(replace(clause, time=None))
    text = words("please" if polite else "", "do not" if clause.negated else "", text)
    return pair(text, german_command(clause), "!", clause)


# Being --------------------------------------------------------------------------------------------


def description(picker: Picker) -> Pair:
    """The lamps were very expensive. Die Lampen waren sehr teuer."""
    tense = picker.one(("now", "now", "past"))
    degree = picker.one((("", ""), ("", ""), ("very", "sehr")))
    noun = picker.one([noun for noun in nouns_with("person animal thing clothing food drink readable place")])
    subject = picker.noun_phrase(noun, (THE, THE, THIS, *DEFINITE[6:]), adjective=0)
    clause = being(subject, picker.adjective(noun), tense, degree)
    if picker.chance(0.25):
        return pair(english_question(clause), german_question(clause), "?", clause)
    return as_statement(replace(clause, negated=picker.chance(0.25)))


def feeling(picker: Picker) -> Pair:
    """I was tired yesterday. Ich war gestern müde."""
    subject = picker.one(PERSONAL_PRONOUNS)
    tense = picker.one(("now", "past"))
    clause = being(subject, state(picker, subject), tense, picker.one((("", ""), ("very", "sehr"))))
    return as_statement(timed(picker, clause, 0.6), time_first=False)


def comparison(picker: Picker) -> Pair:
    """My coat is older than your jacket. Mein Mantel ist älter als deine Jacke."""
    kind = picker.one(("person", "animal", "thing", "clothing", "place", "food", "readable"))
    first, second = (picker.noun_phrase(picker.noun(kind), DEFINITE, adjective=0, plural=0.2) for _ in "ab")
    shared = set(adjectives_for(first.noun)) & set(adjectives_for(second.noun))
    comparable = [a for a in adjectives_for(first.noun) if a in shared and a.en_comparative]
    if first.noun is second.noun or not comparable:
        return comparison(picker)
    adjective = picker.one(comparable)
    if picker.chance(0.7):
        en, de = f"{adjective.en_comparative} than", f"{adjective.de_comparative} als"
    else:
        en, de = f"as {adjective.en} as", f"so {adjective.de} wie"
    en, de = words(en, english(second, "object")), words(de, german(second, "nominative"))
    predicate = Predicate(en, de, adjective)
    clause = Clause(first, BE, picker.one(("now", "now", "past")), predicate=predicate)
    return pair(english_statement(clause), german_statement(clause), ".", clause)


def location(picker: Picker) -> Pair:
    """The key is under the bed. Der Schlüssel ist unter dem Bett."""
    tense = picker.one(("now", "past"))
    if picker.chance(0.5):
        subject: Phrase = picker.noun_phrase(picker.noun("lying standing small"), DEFINITE)
        where = picker.spot(moving=False)
    else:
        subject = picker.subject(LOOK_FOR, DEFINITE)
        where = picker.place()
    clause = Clause(subject, BE, tense, adjunct=where)
    if picker.chance(0.2):
        return pair(english_question(clause), german_question(clause), "?", clause)
    return as_statement(replace(clause, negated=picker.chance(0.2)))


# Two clauses --------------------------------------------------------------------------------------


def because_of_a_state(picker: Picker) -> Pair:
    """The woman slept because she was tired. Die Frau hat geschlafen, weil sie müde war."""
    subject, tense = somebody(picker), picker.one(("now", "past"))
    main = picker.clause(tense, subject=subject, adjuncts=0.2)
    reason = being(pronoun_for(subject), state(picker, subject), tense)
    en = words(english_statement(main), "because", english_statement(reason))
    return pair(en, f"{german_statement(main)}, {german_subordinate(reason, BECAUSE)}", ".", main, reason)


def because_of_a_wish(picker: Picker) -> Pair:
    """He is going to the city because he wants to buy a coat. ..., weil er einen Mantel kaufen will."""
    subject = somebody(picker)
    main = picker.clause("now", subject=subject, frames=("alone", "goal"), adjuncts=0.2)
    reason = picker.clause(modal=picker.modal(), subject=pronoun_for(subject), adjuncts=0.2)
    en = words(english_statement(main), "because", english_statement(reason))
    return pair(en, f"{german_statement(main)}, {german_subordinate(reason, BECAUSE)}", ".", main, reason)


def because_of_the_thing(picker: Picker) -> Pair:
    """She is buying the lamp because it is cheap. Sie kauft die Lampe, weil sie billig ist."""
    thing = picker.noun_phrase(picker.noun("clothing ware readable"), DEFINITE, adjective=0.1)
    tense = picker.one(("now", "past"))
    main = picker.clause(tense, verb=verb_with_object(picker, tense, thing.noun), adjuncts=0)
    main = replace(main, object=thing)
    reason = being(pronoun_for(thing), picker.adjective(thing.noun), tense)
    en = words(english_statement(main), "because", english_statement(reason))
    return pair(en, f"{german_statement(main)}, {german_subordinate(reason, BECAUSE)}", ".", main, reason)


def thought(picker: Picker) -> Pair:
    """I hope that he will find the key. Ich hoffe, dass er den Schlüssel finden wird."""
    verb = picker.one(THINKING_VERBS)
    main = Clause(picker.subject(verb, DEFINITE), verb)
    tense = picker.one(TENSES)
    modal = picker.modal() if picker.chance(0.2) else None
    clause = timed(picker, picker.clause("now" if modal else tense, modal=modal, adjuncts=0.2), 0.3)
    en = words(english_statement(main), "that", english_statement(clause))
    return pair(en, f"{german_statement(main)}, {german_subordinate(clause, THAT)}", ".", main, clause)


def doubt(picker: Picker) -> Pair:
    """We do not know whether she is working. Wir wissen nicht, ob sie arbeitet."""
    main = Clause(picker.subject(KNOW_THAT, DEFINITE), KNOW_THAT, negated=True)
    clause = timed(picker, picker.clause(picker.one(TENSES), adjuncts=0.2), 0.3)
    en = words(english_statement(main), "whether", english_statement(clause))
    return pair(en, f"{german_statement(main)}, {german_subordinate(clause, WHETHER)}", ".", main, clause)


def concession(picker: Picker) -> Pair:
    """Although he is sick, he is working. Obwohl er krank ist, arbeitet er."""
    subject, tense = somebody(picker), picker.one(("now", "past"))
    first = being(subject, state(picker, subject), tense)
    second = picker.clause(tense, subject=pronoun_for(subject), adjuncts=0.2)
    en = f"although {english_statement(first)}, {english_statement(second)}"
    return pair(en, f"{german_subordinate(first, ALTHOUGH)}, {german_question(second)}", ".", first, second)


def condition(picker: Picker) -> Pair:
    """If you are hungry, you can eat an apple. Wenn du hungrig bist, kannst du einen Apfel essen."""
    subject = somebody(picker)
    first = being(subject, state(picker, subject))
    second = picker.clause(modal=picker.one((CAN, MUST, SHOULD)), subject=pronoun_for(subject), adjuncts=0.2)
    en = f"if {english_statement(first)}, {english_statement(second)}"
    return pair(en, f"{german_subordinate(first, IF)}, {german_question(second)}", ".", first, second)


def relative_of_the_subject(picker: Picker) -> Pair:
    """The man who is calling you is old. Der Mann, der dich anruft, ist alt."""
    noun = picker.noun("person")
    phrase = picker.noun_phrase(noun, (THE,), adjective=0)
    clause = picker.clause(picker.one(("now", "past")), subject=relative_pronoun(phrase), adjuncts=0.1)
    phrase = replace(phrase, relative=(english_statement(clause), german_subordinate(clause, "")))
    if picker.chance(0.5):
        main = being(phrase, picker.adjective(noun))
    else:
        main = replace(picker.clause(verb=picker.one((KNOW, SEE)), subject=picker.one((I_, YOU, WE, THEY))), object=phrase)
    return pair(english_statement(main), german_statement(main), ".", main, clause)


def relative_of_the_object(picker: Picker) -> Pair:
    """The book that she is reading is long. Das Buch, das sie liest, ist lang."""
    tense = picker.one(("now", "past"))
    noun = picker.noun("thing clothing food readable ware")
    phrase = picker.noun_phrase(noun, (THE,), adjective=0)
    opener = relative_pronoun(phrase)
    clause = picker.clause(tense, verb=verb_with_object(picker, tense, noun), adjuncts=0)
    clause = replace(clause, object=opener, extracted=True)
    english_text = words(opener.en_object, english_statement(clause))
    german_text = german_subordinate(clause, opener.accusative)
    phrase = replace(phrase, relative=(english_text, german_text))
    main = being(phrase, picker.adjective(noun))
    return pair(english_statement(main), german_statement(main), ".", main, clause)


def purpose(picker: Picker) -> Pair:
    """I am going to the city to buy a hat. Ich gehe in die Stadt, um einen Hut zu kaufen."""
    tense = picker.one(("now", "past", "future"))
    main = picker.clause(tense, frames=("goal",), adjuncts=0.1)
    aim = picker.clause(subject=main.subject, verb=picker.verb("command", ("object", "recipient")), adjuncts=0)
    en = words(english_statement(main), "to", english_infinitive(aim))
    return pair(en, f"{german_statement(main)}, {german_purpose(aim)}", ".", main, aim)


def search(picker: Picker) -> Pair:
    """He is looking for the key, but he cannot find it. Er sucht den Schlüssel, aber er kann ihn nicht finden."""
    subject = somebody(picker)
    thing = picker.noun_phrase(picker.noun("thing clothing animal"), DEFINITE, adjective=0.3)
    first = Clause(subject, picker.one((LOOK_FOR, NEED)), object=thing)
    second = Clause(pronoun_for(subject), FIND, modal=CAN, object=pronoun_for(thing), negated=True)
    return opposed(first, second)


def neglect(picker: Picker) -> Pair:
    """She bought the book, but she did not read it. Sie hat das Buch gekauft, aber sie hat es nicht gelesen."""
    subject = somebody(picker)
    thing = picker.noun_phrase(picker.noun("clothing readable thing food"), DEFINITE, adjective=0.2)
    first = picker.clause("past", subject=subject, verb=verb_with_object(picker, "past", thing.noun), adjuncts=0)
    second = picker.clause("past", subject=pronoun_for(subject), verb=verb_with_object(picker, "past", thing.noun))
    if first.verb is second.verb:
        return neglect(picker)
    second = replace(second, object=pronoun_for(thing), negated=True, adjunct=None)
    return opposed(replace(first, object=thing), second)


def excess(picker: Picker) -> Pair:
    """I like the coat, but it is too long. Ich mag den Mantel, aber er ist zu lang."""
    noun = picker.one([noun for noun in nouns_with(LIKE.objects) if too_much(noun)])
    thing = picker.noun_phrase(noun, (THE, THE, THIS, *DEFINITE), adjective=0.2)
    first = replace(picker.clause(verb=LIKE), object=thing)
    return opposed(first, being(pronoun_for(thing), picker.one(too_much(noun)), degree=("too", "zu")))


def coordination(picker: Picker) -> Pair:
    """He is cooking and she is sleeping. Er kocht und sie schläft."""
    en, de = picker.one((("and", "und"), (", but", ", aber")))
    tense = picker.one(TENSES[:1] + TENSES[2:])
    first, second = (picker.clause(tense, adjuncts=0.1) for _ in range(2))
    source = f"{english_statement(first)} {en} {english_statement(second)}".replace(" ,", ",")
    target = f"{german_statement(first)} {de} {german_statement(second)}".replace(" ,", ",")
    return pair(source, target, ".", first, second)


PATTERNS: tuple[tuple[int, Callable[[Picker], Pair]], ...] = (  # how often, what
    (14, statement),
    (10, time_first),
    (7, modal_statement),
    (7, negation),
    (6, yes_no_question),
    (3, question_of_circumstance),
    (3, question_who),
    (3, question_what_or_whom),
    (3, question_which),
    (5, command),
    (4, description),
    (1, feeling),
    (4, comparison),
    (4, location),
    (4, because_of_a_state),
    (3, because_of_a_wish),
    (4, because_of_the_thing),
    (5, thought),
    (3, doubt),
    (4, concession),
    (4, condition),
    (4, relative_of_the_subject),
    (4, relative_of_the_object),
    (4, purpose),
    (3, search),
    (4, neglect),
    (4, excess),
    (4, coordination),
)
