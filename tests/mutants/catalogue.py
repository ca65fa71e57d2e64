"""The mutants: each is one slip that a programmer could make, and the test that must notice it."""

from tests.mutants.killers import Edit, Killer, Mutant, PowerLoss, Simulation, Tests

_SEEDS = Simulation(first=1, seeds=60)


def _mutant(name: str, path: str, *, old: str, new: str, killer: Killer = _SEEDS) -> Mutant:
    return Mutant(name=name, edits=(Edit(path=path, old=old, new=new),), killer=killer)


def _tests(*names: str) -> Tests:
    return Tests(names=tuple(f"tests/{name}" for name in names))


MUTANTS = (
    _mutant(
        "accept any unseen sequence",
        "central/store/ingest.py",
        old="        raise GapError(head)\n    found",
        new="        return\n    found",
    ),
    _mutant(
        "take another record where one is already",
        "central/store/ingest.py",
        old="        if received.hash != row.hash:",
        new="        if False:",
    ),
    _mutant(
        "do not look at the predecessor's hash at the head",
        "central/store/ingest.py",
        old="    if found != head.hash:",
        new="    if False:",
    ),
    _mutant(
        "skip the chain check within a batch",
        "central/reception.py",
        old='            raise ReceptionError(code="chain_broken", http_code=422) from error',
        new="            head = ChainHead(sequence=envelope.sequence, hash=received.hash)",
        killer=_tests(
            "central/test_push_attacks.py::test_records_in_another_order_are_no_chain_although_the_last_one_is_the_signed_head"
        ),
    ),
    _mutant(
        "drop the dedup of what was recovered",
        "central/store/projection.py",
        old="            return _EXISTS",
        new="            pass",
    ),
    _mutant(
        "count outside the transaction",
        "central/store/ingest.py",
        old="        write_changes(connection, changes)\n",
        new='        write_changes(connection, changes)\n        connection.exec_driver_sql("COMMIT")\n'
        '        connection.exec_driver_sql("BEGIN IMMEDIATE")\n',
        killer=Simulation(first=1, seeds=200),
    ),
    _mutant(
        "answer with a receipt and commit nothing",
        "central/store/ingest.py",
        old="        with writing(engine) as connection:\n            return _append",
        new="        with engine.connect() as connection:\n            return _append",
    ),
    _mutant(
        "drop the quarantine",
        "central/store/ingest.py",
        old="    insert_rows(connection, table=record_quarantine, rows=held)",
        new="    insert_rows(connection, table=record_quarantine, rows=held[:0])",
    ),
    _mutant(
        "forget the epoch check",
        "central/actions/reception.py",
        old="        if headers.epoch != (COURIER_EPOCH if by_courier else door.epoch.name):",
        new="        if False:",
    ),
    _mutant(
        "ignore that a chain is frozen",
        "central/store/edges.py",
        old="    if standing.is_frozen:",
        new="    if False:",
        killer=_tests("central/test_incarnations.py"),
    ),
    _mutant(
        "serve a revoked edge",
        "central/actions/doorway.py",
        old="        if edge.revoked_at is not None:",
        new="        if False:",
        killer=_tests("central/test_enrolment.py"),
    ),
    _mutant(
        "count an express in the report",
        "central/store/provisional.py",
        old="            _keep_keys(connection, edge_id=edge_id, keys=keys)\n",
        new="            _keep_keys(connection, edge_id=edge_id, keys=keys)\n"
        '            connection.exec_driver_sql("UPDATE day_count SET count = count + 1")\n',
    ),
    _mutant(
        "give one incarnation twice",
        "central/store/handshakes.py",
        old="            incarnation = max(newest, question.incarnation, epoch.first_incarnation) + 1\n",
        new="            incarnation = max(newest, question.incarnation, epoch.first_incarnation, 2)\n",
    ),
    _mutant(
        "raise no alarm for two runs of one identity",
        "central/store/handshakes.py",
        old="    elif (question.start_number, question.instance) != last:",
        new="    elif False:",
        killer=_tests("central/test_incarnations.py"),
    ),
    _mutant(
        "trust an acknowledgement unchecked",
        "sync/exchange/uplink.py",
        old="            check_push_answer(answer, headers=headers, public_key=me.centre_public_key)\n",
        new="",
        killer=_tests("sync/exchange/test_uplink.py"),
    ),
    _mutant(
        "trust the centre's head unchecked",
        "sync/exchange/uplink.py",
        old="        answer.check(question, public_key=me.centre_public_key)\n",
        new="",
        killer=_tests("sync/exchange/test_uplink.py"),
    ),
    _mutant(
        "skip the nonce check",
        "sync/exchange/messages/words.py",
        old="    if asked != answered:",
        new="    if False:",
        killer=_tests("sync/exchange/test_words.py", "sync/exchange/test_downlink.py", "sync/exchange/test_express.py"),
    ),
    _mutant(
        "no new incarnation for another history",
        "sync/exchange/histories.py",
        old="        return RenewalReason.FORK",
        new="        return None",
    ),
    _mutant(
        "no new incarnation when the centre is ahead",
        "sync/exchange/histories.py",
        old="        return RenewalReason.CENTRE_IS_AHEAD",
        new="        return None",
        killer=_tests(
            "sync/exchange/test_protocol.py::test_another_history_asks_for_a_new_incarnation_and_re_enters_what_is_not_known_to_be_held"
        ),
    ),
    _mutant(
        "push nothing again to a restored centre",
        "sync/exchange/protocol.py",
        old="        settled=frozenset() if has_changed else state.settled,",
        new="        settled=state.settled,",
        killer=_tests(
            "sync/exchange/test_protocol.py"
            "::test_in_a_new_epoch_the_chains_that_were_delivered_before_are_asked_for_again"
        ),
    ),
    _mutant(
        "keep a delivered chain of another epoch for drained",
        "sync/exchange/ends.py",
        old="(self.delivered == self.head and self.delivered_epoch == epoch)",
        new="self.delivered == self.head",
        killer=_tests("sync/exchange/test_incarnations.py"),
    ),
    _mutant(
        "let the back-off never grow",
        "sync/exchange/phases.py",
        old="BACK_OFF_FLOOR_S * 2.0 ** min(failures, 16)",
        new="BACK_OFF_FLOOR_S * 2.0",
        killer=_tests("sync/exchange/test_uplink.py"),
    ),
    _mutant(
        "wait for years when the clock was set back",
        "sync/exchange/protocol.py",
        old="    return since is None or abs(now - since) >= span",
        new="    return since is None or now - since >= span",
        killer=_tests(
            "sync/exchange/test_protocol.py::test_a_halted_uplink_asks_again_by_itself_after_five_minutes_even_if_the_clock_was_set_back"
        ),
    ),
    _mutant(
        "take the centre's journal backwards",
        "sync/exchange/down_rules.py",
        old="    if answer.centre_incarnation < asked:",
        new="    if False:",
        killer=_tests("sync/exchange/test_downlink.py"),
    ),
    _mutant(
        "take an older answer of the centre",
        "sync/exchange/down_rules.py",
        old="    if answer.issued_at < position.issued_at:",
        new="    if False:",
        killer=_tests("sync/exchange/test_downlink.py"),
    ),
    _mutant(
        "inflate whatever comes",
        "sync/exchange/messages/batches.py",
        old="            if size > INFLATED_LIMIT_BYTES:",
        new="            if False:",
        killer=_tests("central/test_push_attacks.py::test_a_bomb_or_rubbish_is_refused_within_bounds"),
    ),
    _mutant(
        "write a record and its head in two transactions",
        "checkpoint/store/journal.py",
        old="    transaction.execute(_WRITE_HEAD,",
        new='    transaction.execute("COMMIT")\n    transaction.execute("BEGIN IMMEDIATE")\n'
        "    transaction.execute(_WRITE_HEAD,",
    ),
    _mutant(
        "drop what an abandoned chain held",
        "checkpoint/store/recovery.py",
        old="        append(transaction, body, origin=origin, random_bytes=random_bytes)\n",
        new="",
    ),
    _mutant(
        "state no lost range",
        "checkpoint/store/incarnations.py",
        old="max(0, spoken_of.high_water - max(spoken_of.own_sequence, centre_sequence)) + lost_earlier,",
        new="lost_earlier,",
        killer=_tests("checkpoint/store/test_incarnations.py"),
    ),
    _mutant(
        "understate what is lost",
        "checkpoint/store/incarnations.py",
        old="max(0, spoken_of.high_water - max(spoken_of.own_sequence, centre_sequence)) + lost_earlier,",
        new="max(0, spoken_of.high_water - max(spoken_of.own_sequence, centre_sequence) - 1) + lost_earlier,",
        killer=Simulation(first=1, seeds=200),
    ),
    _mutant(
        "do not compare database and identity at the start",
        "checkpoint/store/recovery.py",
        old="    if database.is_new:\n        return _of_new_database(files)",
        new="    return None\n    if database.is_new:\n        return _of_new_database(files)",
        killer=_tests("checkpoint/store/test_incarnations.py"),
    ),
    _mutant(
        "commit with synchronous=NORMAL",
        "checkpoint/store/connection.py",
        old='"PRAGMA synchronous = FULL"',
        new='"PRAGMA synchronous = NORMAL"',
        killer=PowerLoss(states=2000),
    ),
    _mutant(
        "let one recipient's wrapped key pass for another's",
        "sync/exchange/sealing.py",
        old='    return _WRAP_TAG + recipient.encode() + b"\\x00" + episode_id.encode()',
        new="    return _WRAP_TAG + episode_id.encode()",
        killer=_tests("sync/exchange/test_envelope.py"),
    ),
    _mutant(
        "skip the ledger's own hash in verify",
        "central/store/chain_check.py",
        old='            require_equal("ledger", key=(position, "ledger_hash"), expected=self.hash, found=chained)\n',
        new="            pass\n",
        killer=_tests("central/test_bit_flips.py"),
    ),
)
