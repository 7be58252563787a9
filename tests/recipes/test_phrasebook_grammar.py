"""The generated phrasebook: correct German, and a test set that cannot be solved by memory."""

from __future__ import annotations

import collections
import hashlib
import itertools
import os
import pathlib
import random
import re
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "recipes"))

import phrasebook_grammar as grammar
from phrasebook_grammar import Pair
from phrasebook_grammar.clauses import Clause, Prepositional
from phrasebook_grammar.complex_sentences import (
    ALTHOUGH,
    BECAUSE,
    BUT,
    IF,
    THAT,
    WHETHER,
    after_clause,
    doer,
    side_by_side,
    thing_done,
    with_clause,
    with_purpose,
)
from phrasebook_grammar.inflection import (
    HE,
    I_,
    PERSONS,
    SHE,
    THEY,
    WE,
    WHO,
    YOU,
    NounPhrase,
    Phrase,
    english_ing,
    english_past,
    english_third_person,
    german_imperative,
    german_present,
    german_zu_infinitive,
    pronoun_for,
)
from phrasebook_grammar.lexicon import (
    ADJECTIVES,
    BARE,
    BE,
    FOR,
    KNOW_THAT,
    MANY,
    MODALS,
    NO,
    NOUNS,
    POSSESSIVES,
    THE,
    THINKING_VERBS,
    THIS,
    THREE,
    TIMES,
    TWO,
    VERBS,
    WITH,
    WITHOUT,
    A,
    Adjective,
    Determiner,
    Noun,
    Preposition,
    Time,
    Verb,
)
from phrasebook_grammar.picker import Picker
from phrasebook_grammar.sentences import as_command, as_question, as_statement, being

Parts = dict[str, list[Pair]]

MY, YOUR, HIS, HER, OUR, THEIR = POSSESSIVES
CAN, MUST, SHOULD, WANT_TO, WOULD_LIKE_TO = MODALS
THINK, SAY, HOPE, BELIEVE, _ = THINKING_VERBS


def noun(english: str) -> Noun:
    return next(entry for entry in NOUNS if entry.en == english)


def verb(english: str) -> Verb:
    return next(entry for entry in VERBS if entry.en == english)


def adjective(english: str) -> Adjective:
    return next(entry for entry in ADJECTIVES if entry.en == english)


def time(english: str) -> Time:
    return next(entry for entry in TIMES if entry.en == english)


def one(determiner: Determiner, text: str) -> NounPhrase:
    """A singular noun phrase; the text is a noun with or without an adjective before it."""
    *described, name = text.split()
    return NounPhrase(determiner, noun(name), False, adjective(described[0]) if described else None)


def many(determiner: Determiner, text: str) -> NounPhrase:
    """A plural noun phrase; the text still names the noun in the singular."""
    *described, name = text.split()
    return NounPhrase(determiner, noun(name), True, adjective(described[0]) if described else None)


def resting(english: str, german: str, phrase: Phrase) -> Prepositional:
    return Prepositional(Preposition(english, german, "dative"), phrase)


def moving(english: str, german: str, phrase: Phrase) -> Prepositional:
    return Prepositional(Preposition(english, german, "accusative"), phrase)


CITY = moving("to", "in", one(THE, "city"))
BOOK, COAT, HOUSE, KEY, LAMP = (one(THE, name) for name in ("book", "coat", "house", "key", "lamp"))
EGG = one(A, "egg")
MAN, WOMAN, CHILD, STUDENT = (one(THE, name) for name in ("man", "woman", "child", "student"))

EXAMPLES = [
    # Gender, case and adjective endings.
    (as_statement(Clause(HE, verb("read"), object=one(A, "old book"))),
     "He is reading an old book.", "Er liest ein altes Buch."),
    (as_statement(Clause(one(A, "old man"), verb("buy"), object=one(A, "red coat"))),
     "An old man is buying a red coat.", "Ein alter Mann kauft einen roten Mantel."),
    (as_statement(Clause(WOMAN, verb("help"), object=CHILD)),
     "The woman is helping the child.", "Die Frau hilft dem Kind."),
    (as_statement(Clause(SHE, verb("drink"), object=one(BARE, "cold water"))),
     "She is drinking cold water.", "Sie trinkt kaltes Wasser."),
    (as_statement(Clause(SHE, verb("drink"), object=one(BARE, "hot coffee"))),
     "She is drinking hot coffee.", "Sie trinkt heißen Kaffee."),
    (as_statement(Clause(WE, verb("buy"), object=one(THIS, "expensive car"))),
     "We are buying this expensive car.", "Wir kaufen dieses teure Auto."),
    (as_statement(Clause(one(OUR, "tired teacher"), verb("love"), object=one(HIS, "clever daughter"))),
     "Our tired teacher loves his clever daughter.", "Unser müder Lehrer liebt seine kluge Tochter."),
    (as_statement(Clause(I_, verb("clean"), object=one(MY, "dark office"))),
     "I am cleaning my dark office.", "Ich putze mein dunkles Büro."),
    # Plurals.
    (as_statement(Clause(many(THE, "young boy"), verb("eat"), object=many(TWO, "sweet apple"))),
     "The young boys are eating two sweet apples.", "Die jungen Jungen essen zwei süße Äpfel."),
    (as_statement(Clause(I_, verb("help"), object=many(MANY, "old friend"))),
     "I am helping many old friends.", "Ich helfe vielen alten Freunden."),
    (as_statement(Clause(I_, verb("thank"), object=many(THE, "child"))),
     "I am thanking the children.", "Ich danke den Kindern."),
    (as_statement(Clause(YOU, verb("play with"), object=many(A, "dog"))),
     "You are playing with dogs.", "Du spielst mit Hunden."),
    (as_statement(Clause(many(THREE, "woman"), verb("sell"), object=many(THEIR, "big house"))),
     "Three women are selling their big houses.", "Drei Frauen verkaufen ihre großen Häuser."),
    # Weak nouns.
    (as_statement(Clause(one(THE, "boy"), verb("ask"), object=one(A, "student"))),
     "The boy is asking a student.", "Der Junge fragt einen Studenten."),
    (as_statement(Clause(SHE, verb("wait for"), object=one(HER, "neighbour"))),
     "She is waiting for her neighbour.", "Sie wartet auf ihren Nachbarn."),
    # Prepositions and the cases that they govern.
    (as_statement(Clause(I_, verb("work"), adjunct=Prepositional(WITH, one(A, "old friend")))),
     "I am working with an old friend.", "Ich arbeite mit einem alten Freund."),
    (as_statement(Clause(I_, verb("work"), adjunct=Prepositional(WITHOUT, one(MY, "brother")))),
     "I am working without my brother.", "Ich arbeite ohne meinen Bruder."),
    (as_statement(Clause(HE, verb("cook"), "past", object=one(A, "soup"), adjunct=Prepositional(FOR, I_))),
     "He cooked a soup for me.", "Er hat eine Suppe für mich gekocht."),
    (as_statement(Clause(HE, verb("sleep"), adjunct=resting("in", "in", one(THE, "garden")))),
     "He is sleeping in the garden.", "Er schläft im Garten."),
    (as_statement(Clause(HE, verb("go"), direction=moving("to", "in", one(THE, "museum")))),
     "He is going to the museum.", "Er geht ins Museum."),
    (as_statement(Clause(WE, verb("drive"), direction=resting("to", "zu", one(THE, "old station")))),
     "We are driving to the old station.", "Wir fahren zum alten Bahnhof."),
    (as_statement(Clause(THEY, verb("run"), direction=resting("to", "zu", one(THE, "school")))),
     "They are running to the school.", "Sie laufen zur Schule."),
    (as_statement(Clause(SHE, verb("put"), object=KEY, direction=moving("on", "auf", one(THE, "table")))),
     "She is putting the key on the table.", "Sie legt den Schlüssel auf den Tisch."),
    (as_statement(Clause(KEY, BE, adjunct=resting("on", "auf", one(THE, "table")))),
     "The key is on the table.", "Der Schlüssel ist auf dem Tisch."),
    # Recipients, pronouns, the order between the two parts of the verb.
    (as_statement(Clause(HE, verb("give"), recipient=CHILD, object=one(A, "apple"))),
     "He is giving the child an apple.", "Er gibt dem Kind einen Apfel."),
    (as_statement(Clause(HE, verb("give"), "past", recipient=I_, object=BOOK, time=time("yesterday"))),
     "He gave me the book yesterday.", "Er hat mir gestern das Buch gegeben."),
    (as_statement(Clause(YOU, verb("follow"), "past", object=HE)),
     "You followed him.", "Du bist ihm gefolgt."),
    # The perfect, the simple past of sein and haben, the future.
    (as_statement(Clause(YOU, verb("see"), "past", object=one(THE, "horse"))),
     "You saw the horse.", "Du hast das Pferd gesehen."),
    (as_statement(being(many(THE, "lamp"), adjective("expensive"), "past", ("very", "sehr"))),
     "The lamps were very expensive.", "Die Lampen waren sehr teuer."),
    (as_statement(Clause(THEY, verb("have"), "past", object=one(A, "cow"))),
     "They had a cow.", "Sie hatten eine Kuh."),
    (as_statement(Clause(THEY, verb("visit"), "future", object=WE, time=time("tomorrow"))),
     "They will visit us tomorrow.", "Sie werden uns morgen besuchen."),
    # Time in front, before the English verb, at the English end.
    (as_statement(Clause(I_, verb("go"), "past", direction=CITY, time=time("yesterday")), time_first=True),
     "Yesterday I went to the city.", "Gestern bin ich in die Stadt gegangen."),
    (as_statement(Clause(SHE, verb("read"), "habit", object=one(THE, "newspaper"), time=time("often"))),
     "She often reads the newspaper.", "Sie liest oft die Zeitung."),
    (as_statement(Clause(HE, verb("go"), "habit", direction=CITY, time=time("every week"))),
     "He goes to the city every week.", "Er geht jede Woche in die Stadt."),
    # Separable verbs in main clauses.
    (as_statement(Clause(STUDENT, verb("get up"), time=time("now"))),
     "The student is getting up now.", "Der Student steht jetzt auf."),
    (as_statement(Clause(STUDENT, verb("get up"), "past")),
     "The student got up.", "Der Student ist aufgestanden."),
    (as_statement(Clause(SHE, verb("pick|up"), object=HE)),
     "She is picking him up.", "Sie holt ihn ab."),
    (as_statement(Clause(SHE, verb("pick|up"), modal=MUST, object=CHILD)),
     "She must pick up the child.", "Sie muss das Kind abholen."),
    # Modal verbs.
    (as_statement(Clause(YOU, verb("answer"), modal=SHOULD, object=one(YOUR, "mother"))),
     "You should answer your mother.", "Du solltest deiner Mutter antworten."),
    (as_statement(Clause(HE, verb("watch television"), modal=WOULD_LIKE_TO)),
     "He would like to watch television.", "Er möchte fernsehen."),
    # Negation.
    (as_statement(Clause(HE, verb("buy"), object=one(NO, "new car"), negated=True)),
     "He is not buying a new car.", "Er kauft kein neues Auto."),
    (as_statement(Clause(I_, verb("eat"), object=many(NO, "egg"), negated=True)),
     "I am not eating any eggs.", "Ich esse keine Eier."),
    (as_statement(Clause(I_, verb("drink"), object=one(NO, "milk"), negated=True)),
     "I am not drinking any milk.", "Ich trinke keine Milch."),
    (as_statement(Clause(I_, verb("know"), object=one(THE, "doctor"), negated=True)),
     "I do not know the doctor.", "Ich kenne den Arzt nicht."),
    (as_statement(Clause(WE, verb("wait for"), "past", object=one(THE, "guest"), negated=True)),
     "We did not wait for the guest.", "Wir haben nicht auf den Gast gewartet."),
    # Questions and commands.
    (as_question(Clause(WOMAN, verb("buy"), "past", object=one(THE, "hat"))),
     "Did the woman buy the hat?", "Hat die Frau den Hut gekauft?"),
    (as_question(Clause(CHILD, verb("swim"), modal=WANT_TO)),
     "Does the child want to swim?", "Will das Kind schwimmen?"),
    (as_question(Clause(HE, verb("wait for"), object=WHO, extracted=True), ("who", "auf wen")),
     "Who is he waiting for?", "Auf wen wartet er?"),
    (as_command(Clause(YOU, verb("open"), object=one(THE, "window")), polite=True),
     "Please open the window!", "Mache bitte das Fenster auf!"),
    (as_command(Clause(YOU, verb("read"), object=BOOK, negated=True)),
     "Do not read the book!", "Lies das Buch nicht!"),
    (as_command(Clause(YOU, verb("help"), object=I_), polite=True),
     "Please help me!", "Hilf mir bitte!"),
    # Subordinate clauses: the verb is last and its prefix attached; what follows begins with the verb.
    (with_clause(Clause(I_, HOPE), THAT, Clause(SHE, verb("call"), object=WE)),
     "I hope that she is calling us.", "Ich hoffe, dass sie uns anruft."),
    (with_clause(Clause(I_, THINK), THAT, Clause(MAN, verb("invite"), "past", object=HE)),
     "I think that the man invited him.", "Ich denke, dass der Mann ihn eingeladen hat."),
    (with_clause(Clause(HE, KNOW_THAT, negated=True), WHETHER, Clause(SHE, verb("shop"), "future")),
     "He does not know whether she will shop.", "Er weiß nicht, ob sie einkaufen wird."),
    (with_clause(Clause(WOMAN, verb("sleep"), "past"), BECAUSE, being(SHE, adjective("tired"), "past")),
     "The woman slept because she was tired.", "Die Frau hat geschlafen, weil sie müde war."),
    (after_clause(ALTHOUGH, being(MAN, adjective("sick")), Clause(HE, verb("get up"))),
     "Although the man is sick, he is getting up.", "Obwohl der Mann krank ist, steht er auf."),
    (after_clause(IF, being(YOU, adjective("hungry")), Clause(YOU, verb("eat"), modal=CAN, object=EGG)),
     "If you are hungry, you can eat an egg.", "Wenn du hungrig bist, kannst du ein Ei essen."),
    (with_purpose(Clause(I_, verb("drive"), direction=CITY), Clause(I_, verb("pick|up"), object=HE)),
     "I am driving to the city to pick him up.", "Ich fahre in die Stadt, um ihn abzuholen."),
    # Pronouns agree with the German gender of what they stand for.
    (side_by_side(Clause(I_, verb("like"), object=COAT), BUT, being(pronoun_for(COAT), adjective("long"))),
     "I like the coat, but it is long.", "Ich mag den Mantel, aber er ist lang."),
    (side_by_side(Clause(I_, verb("like"), object=LAMP), BUT, being(pronoun_for(LAMP), adjective("old"))),
     "I like the lamp, but it is old.", "Ich mag die Lampe, aber sie ist alt."),
    (side_by_side(Clause(I_, verb("like"), object=HOUSE), BUT, being(pronoun_for(HOUSE), adjective("dark"))),
     "I like the house, but it is dark.", "Ich mag das Haus, aber es ist dunkel."),
    # Relative clauses.
    (as_statement(being(doer(MAN, Clause(MAN, verb("call"), object=YOU)), adjective("rich"))),
     "The man who is calling you is rich.", "Der Mann, der dich anruft, ist reich."),
    (as_statement(being(thing_done(COAT, Clause(SHE, verb("wear"), "past", object=COAT)), adjective("new"))),
     "The coat that she wore is new.", "Der Mantel, den sie getragen hat, ist neu."),
    (as_statement(Clause(WE, verb("know"), object=doer(CHILD, Clause(CHILD, verb("arrive"))))),
     "We know the child who is arriving.", "Wir kennen das Kind, das ankommt."),
]  # fmt: skip


@pytest.mark.parametrize(("produced", "english", "german"), EXAMPLES, ids=[row[1] for row in EXAMPLES])
def test_the_grammar_agrees_with_hand_checked_translations(produced: Pair, english: str, german: str) -> None:
    assert (produced.source, produced.target) == (english, german)


@pytest.mark.parametrize(
    ("name", "forms"),
    [
        ("read", "lese liest liest lesen lesen"),
        ("work", "arbeite arbeitest arbeitet arbeiten arbeiten"),
        ("draw", "zeichne zeichnest zeichnet zeichnen zeichnen"),
        ("dance", "tanze tanzt tanzt tanzen tanzen"),
        ("wash", "wasche wäschst wäscht waschen waschen"),
        ("invite", "lade lädst lädt laden laden"),
        ("find", "finde findest findet finden finden"),
        ("like", "mag magst mag mögen mögen"),
    ],
)
def test_german_verbs_agree_with_their_person(name: str, forms: str) -> None:
    assert [german_present(verb(name), person) for person in PERSONS] == forms.split()


@pytest.mark.parametrize(
    ("name", "forms"),
    [
        ("go", "goes going went"),
        ("have", "has having had"),
        ("wash", "washes washing washed"),
        ("shop", "shops shopping shopped"),
        ("play with", "plays playing played"),
        ("write", "writes writing wrote"),
        ("see", "sees seeing saw"),
    ],
)
def test_english_verbs_are_spelled_by_rule(name: str, forms: str) -> None:
    head = name.split()[0]
    assert [english_third_person(head), english_ing(head), english_past(verb(name))] == forms.split()


def test_commands_take_e_to_i_but_not_a_to_umlaut() -> None:
    produced = [german_imperative(verb(name)) for name in ("give", "eat", "sleep", "invite", "work")]
    assert produced == ["gib", "iss", "schlafe", "lade", "arbeite"]


def test_zu_goes_between_a_separable_prefix_and_its_verb() -> None:
    assert german_zu_infinitive(verb("put|on")) == "anzuziehen"
    assert german_zu_infinitive(verb("forget")) == "zu vergessen"


def test_no_english_pronoun_stands_for_a_german_child() -> None:
    with pytest.raises(ValueError, match="das Kind"):
        pronoun_for(CHILD)


@pytest.fixture(scope="module")
def parts() -> Parts:
    return grammar.generate()


def combinations(pairs: list[Pair]) -> set[tuple[str, str]]:
    return set().union(*(pair.combinations for pair in pairs))


def test_there_are_enough_pairs_and_all_are_distinct(parts: Parts) -> None:
    pairs = [pair for part in parts.values() for pair in part]
    assert {name: len(part) for name, part in parts.items()} == {"train": 24_000, "valid": 500, "test": 500}
    assert len({pair.source for pair in pairs}) == len(pairs)


@pytest.mark.parametrize("side", ["source", "target"])
def test_both_sides_have_many_words_and_sentences_of_moderate_length(parts: Parts, side: str) -> None:
    sentences = [getattr(pair, side) for part in parts.values() for pair in part]
    lengths = [len(sentence.split()) for sentence in sentences]
    assert len(set().union(*map(grammar.vocabulary, sentences))) >= 400
    assert min(lengths) >= 2
    assert max(lengths) <= 18
    assert 7.5 <= sum(lengths) / len(lengths) <= 9.5


@pytest.mark.parametrize("part", ["valid", "test"])
def test_every_held_out_sentence_has_a_combination_that_training_never_shows(parts: Parts, part: str) -> None:
    known = combinations(parts["train"])
    other = combinations(parts["valid" if part == "test" else "test"])
    for pair in parts[part]:
        assert any(grammar.held_out_for(one) == part for one in pair.combinations - known - other), pair


def test_no_training_sentence_has_a_held_out_combination(parts: Parts) -> None:
    assert {grammar.held_out_for(one) for one in combinations(parts["train"])} == {"train"}


def test_no_training_text_puts_a_held_out_adjective_before_its_noun(parts: Parts) -> None:
    """The same property read off the text, so that it does not rest on what the clauses report."""
    spelled = {entry.en: {entry.en, entry.en_plural or entry.en} for entry in NOUNS}
    held_out = {
        f" {described} {spelling} "
        for described in (entry.en for entry in ADJECTIVES)
        for name, spellings in spelled.items()
        for spelling in spellings
        if grammar.held_out_for((described, name)) != "train"
    }
    seen = {"train": 0, "test": 0}
    for part in seen:
        for pair in parts[part]:
            tokens = re.findall(r"\w+", pair.source.lower())
            seen[part] += any(f" {a} {b} " in held_out for a, b in itertools.pairwise(tokens))
    assert seen["train"] == 0
    assert seen["test"] > 50


@pytest.mark.parametrize("part", ["valid", "test"])
@pytest.mark.parametrize("side", ["source", "target"])
def test_every_single_word_of_a_held_out_sentence_occurs_in_training(parts: Parts, part: str, side: str) -> None:
    known = set().union(*(grammar.vocabulary(getattr(pair, side)) for pair in parts["train"]))
    assert set().union(*(grammar.vocabulary(getattr(pair, side)) for pair in parts[part])) <= known


def test_every_noun_verb_and_adjective_occurs_often_in_training(parts: Parts) -> None:
    sentences = [grammar.vocabulary(pair.source) for pair in parts["train"]]
    counts = collections.Counter(word for sentence in sentences for word in sentence)
    often = {entry.en: counts[entry.en] + counts[entry.en_plural] for entry in NOUNS}
    often |= {entry.en: counts[entry.en] for entry in ADJECTIVES}
    for entry in VERBS:
        head, *others = entry.en.replace("|", " ").split()
        forms = {head, english_third_person(head), english_ing(head), english_past(entry)}
        often[entry.en] = sum(bool(forms & words) and words.issuperset(others) for words in sentences)
    assert min(often.values()) >= 80, sorted(often.items(), key=lambda item: item[1])[:5]


def test_one_english_sentence_has_one_german_translation() -> None:
    """Drawn anew and unfiltered, so that equal English sentences do come up."""
    randomness = random.Random(7)
    picker = Picker(randomness)
    patterns, weights = zip(*((pattern, weight) for weight, pattern in grammar.PATTERNS), strict=True)
    translations = collections.defaultdict(set)
    drawn = 20_000
    for pattern in randomness.choices(patterns, weights, k=drawn):
        pair = pattern(picker)
        translations[pair.source].add(pair.target)
    assert len(translations) < drawn
    assert [pair for pair in translations.items() if len(pair[1]) > 1] == []


def test_two_translations_of_one_sentence_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    german = iter(["Eins.", "Zwei."])
    monkeypatch.setattr(grammar, "PATTERNS", ((1, lambda _: Pair("One.", next(german), frozenset())),))
    monkeypatch.setattr(grammar, "SHORTEST", 1)
    with pytest.raises(RuntimeError, match="two translations"):
        grammar.generate(train=2)


def test_asking_for_more_sentences_than_there_are_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grammar, "ATTEMPTS_PER_PAIR", 1)
    with pytest.raises(ValueError, match="of 100 for train"):
        grammar.generate(train=100)


def test_every_pattern_yields_sentences_that_begin_with_a_capital_and_end_with_a_mark() -> None:
    picker = Picker(random.Random(3))
    for _, pattern in grammar.PATTERNS:
        for _ in range(50):
            pair = pattern(picker)
            for sentence in (pair.source, pair.target):
                assert re.fullmatch(r"[A-ZÄÖÜ]\w*(,? \w+)*[.?!]", sentence), pattern


def test_the_seed_alone_decides_what_is_generated() -> None:
    sizes = {"train": 400, "valid": 20, "test": 20}
    first = grammar.generate(seed=5, **sizes)
    assert grammar.generate(seed=5, **sizes) == first
    assert grammar.generate(seed=6, **sizes) != first


def test_generation_does_not_depend_on_the_hashes_of_the_process() -> None:
    script = (
        "import hashlib, phrasebook_grammar as g; parts = g.generate(2, 400, 20, 20);"
        "print(hashlib.sha256(repr([(p.source, p.target) for part in parts.values() for p in part])"
        ".encode()).hexdigest())"
    )
    parts = grammar.generate(2, 400, 20, 20)
    listed = repr([(pair.source, pair.target) for part in parts.values() for pair in part])
    environment = {**os.environ, "PYTHONHASHSEED": "123", "PYTHONPATH": str(pathlib.Path(grammar.__file__).parents[1])}
    printed = subprocess.run(
        [sys.executable, "-c", script], env=environment, check=True, capture_output=True, text=True
    ).stdout
    assert printed.strip() == hashlib.sha256(listed.encode()).hexdigest()


def test_write_leaves_six_parallel_files_and_nothing_else(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = grammar.generate(3, 400, 20, 20)
    monkeypatch.setattr(grammar, "generate", lambda seed: small)
    grammar.write(tmp_path / "new" / "folder")
    written = {path.name: path.read_bytes().decode("utf-8") for path in (tmp_path / "new" / "folder").iterdir()}
    assert set(written) == {f"{part}.{side}" for part in ("train", "val", "test") for side in ("en", "de")}
    assert written["val.en"] == "".join(f"{pair.source}\n" for pair in small["valid"])
    assert written["test.de"] == "".join(f"{pair.target}\n" for pair in small["test"])
    assert written["train.de"].count("\n") == written["train.en"].count("\n") == 400
