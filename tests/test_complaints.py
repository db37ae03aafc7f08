"""The 25 things that users of other edge agents complain of most, and the tests that show that ours
does not have them. A test that is renamed or lost fails here."""

import ast
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
COMPLAINTS: dict[str, tuple[str, ...]] = {
    "1 readings lost around a disconnect": (
        "test_a_broker_killed_again_and_again_loses_and_doubles_nothing",
        "test_no_fault_loses_or_doubles_a_reading",
    ),
    "2 the store fills or sticks and never recovers": (
        "test_an_overflowing_outbox_resumes_and_its_gaps_count_exactly",
        "test_without_progress_it_goes_back_and_sends_less",
    ),
    "3 the store is corrupt after a restart": (
        "test_a_torn_tail_costs_only_what_was_not_synced",
        "test_a_damaged_batch_is_sent_empty_so_that_the_hub_goes_on",
        "test_a_full_disk_holds_readings_in_memory_and_goes_on_by_itself",
    ),
    "4 duplicates after a reconnect": (
        "test_what_is_acknowledged_is_never_sent_again",
        "test_kills_lose_nothing_and_double_nothing",
        "test_a_bad_line_is_used_and_loses_nothing",
        "test_side_by_side_with_what_others_use",
    ),
    "5 data dropped without a word": (
        "test_what_the_outbox_dropped_is_announced_within_a_second",
        "test_outbox_says_in_words_that_nothing_waits_or_was_dropped",
    ),
    "6 the buffer does not survive a restart": (
        "test_readings_survive_a_restart_under_their_epoch_and_ids",
    ),
    "7 polling stops after an outage": (
        "test_a_device_that_speaks_by_itself_is_opened_again",
        "test_the_watchdog_is_fed_only_while_something_moves",
    ),
    "8 one dead unit blocks the bus": (
        "test_a_dead_unit_costs_the_others_less_than_5_percent",
        "test_a_dead_unit_is_probed_ever_slower_and_others_keep_their_beat",
    ),
    "9 one failed read resets the connection": (
        "test_a_unit_that_falls_silent_midway_keeps_what_it_said",
        "test_the_port_is_opened_anew_only_after_three_units_fell_silent",
    ),
    "10 RTU gaps too short": (
        "test_noise_late_answers_and_echoes_give_no_wrong_value",
        "test_a_late_answer_is_never_taken_for_another_register",
        "test_the_wire_is_used_to_85_percent_of_what_it_can_carry",
    ),
    "11 word order is guesswork": (
        "test_the_right_order_of_a_float_comes_first",
        "test_the_decoding_is_chosen_by_a_key",
        "test_values_that_no_shop_has_count_against_a_profile",
    ),
    "12 memory grows": (
        "test_when_memory_is_full_too_the_hub_is_told_of_the_gap",
        "test_the_logbook_keeps_warnings_and_is_bounded",
        "test_its_memory_is_bounded",
        "test_thirty_thousand_values_a_second_over_a_bus",
        "test_sessions_are_bounded_and_the_oldest_goes",
    ),
    "13 the disk fills": (
        "test_when_full_acknowledged_rows_go_first_then_the_oldest",
        "test_on_a_disk_that_fills_up_the_outbox_stops_growing",
        "test_logs_memory_and_restarts_of_the_service_are_bounded",
    ),
    "14 the card dies of writing": (
        "test_the_card_under_the_data_folder_is_the_one_that_counts",
        "test_wear_is_counted_by_what_the_system_says",
    ),
    "15 a wrong date until the time server answers": (
        "test_after_a_step_back_of_the_clock_overlapping_stamps_are_estimated",
        "test_this_machine_knows_whether_its_clock_is_disciplined",
    ),
    "16 subscriptions never recover": ("test_after_a_broker_restart_it_subscribes_anew",),
    "17 devices that take one connection are starved": (
        "test_tcp_asks_once_more_and_ids_keep_answers_apart",
        "test_check_leaves_a_running_agent_alone",
    ),
    "18 an upgrade breaks the configuration": (
        "test_the_documented_file_is_whole_and_loads",
        "test_unit_0_and_a_file_of_the_first_version_still_load",
        "test_the_script_installs_works_and_leaves_nothing",
        "test_a_configuration_proves_itself_or_goes_back",
        "test_fit_software_is_tried_and_what_does_not_start_goes_back",
    ),
    "19 messages name neither device nor field": (
        "test_a_mistake_is_named_with_its_line",
        "test_a_line_that_cannot_be_opened_says_what_to_do",
        "test_a_lost_device_says_why_and_what_to_do_in_plain_words",
        "test_what_is_wrong_says_what_to_do_in_both_languages",
    ),
    "20 a flood of log lines": (
        "test_lost_and_found_are_one_line_each",
        "test_a_broker_that_is_not_there_is_explained_once",
    ),
    "21 an odd device stays disconnected": (
        "test_a_refused_block_is_split_until_only_what_is_missing_is_left_out",
    ),
    "22 a failed read becomes a zero": (
        "test_a_device_that_is_gone_has_no_value_but_a_quality",
        "test_a_value_shows_its_age_and_its_quality",
    ),
    "23 commands pile up": (
        "test_what_is_overdue_is_polled_once",
        "test_commands_do_not_pile_up",
        "test_an_order_is_done_once_however_often_it_comes",
    ),
    "24 Sparkplug's edges: births, rebirth, buffering": (
        "test_a_rebirth_keeps_bdseq_and_stops_no_data",
        "test_a_birth_declares_everything_and_matches_the_will",
        "test_an_edge_node_keeps_the_assertions_of",
        "test_another_makers_host_reads_the_agent",
    ),
    "25 history without proof of delivery": (
        "test_readings_arrive_are_acknowledged_and_a_stop_says_death",
        "test_what_is_not_acknowledged_for_the_time_out_is_lost",
    ),
}


@cache
def known() -> frozenset[str]:
    return frozenset(
        node.name
        for path in TESTS.rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
    )


def test_there_are_twenty_five() -> None:
    assert [int(name.split()[0]) for name in COMPLAINTS] == list(range(1, 26))


@pytest.mark.parametrize("complaint", COMPLAINTS)
def test_each_has_its_tests(complaint: str) -> None:
    missing = [name for name in COMPLAINTS[complaint] if name not in known()]
    assert missing == []
