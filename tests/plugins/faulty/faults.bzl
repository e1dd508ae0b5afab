"""The faults of faulty.c, and what `plugin_check check` is to say of each.

By the name of the file: the macro behind FAULT_, and every check that fails or
warns, sorted.
"""

FAULTS = {
    "another_magic": ("ANOTHER_MAGIC", [
        "FAIL elf",
        "FAIL loads",
    ]),
    "asks": ("ASKS", ["FAIL service_failure:message.request.replied"]),
    "bad_argument": ("BAD_ARGUMENT", ["FAIL bad_argument"]),
    "closes_nothing": ("CLOSES_NOTHING", [
        "FAIL bad_argument",
        "FAIL descriptor_leak",
        "FAIL many_connections",
    ]),
    "crashes_in_start": ("CRASHES_IN_START", ["FAIL create_start_stop"]),
    "crashes_when_loaded": ("CONSTRUCTOR=1", ["FAIL loads"]),
    "descriptor_leak": ("DESCRIPTOR_LEAK", [
        "FAIL descriptor_leak",
        "FAIL many_connections",
    ]),
    "dispatches": ("DISPATCHES", ["FAIL wrong_state"]),
    "double_close": ("DOUBLE_CLOSE", ["FAIL double_close"]),
    "exits": ("EXIT", ["FAIL serves"]),
    "exits_when_loaded": ("CONSTRUCTOR=2", ["FAIL loads"]),
    "hang": ("HANG", ["FAIL hang"]),
    "hangs_for_ever": ("HANGS_FOR_EVER", ["FAIL serves"]),
    "keeps_reset": ("KEEPS_RESET", ["FAIL peer_resets"]),
    "late_callback": ("LATE_CALLBACK", ["FAIL late_callback"]),
    "leaks_when_loaded": ("CONSTRUCTOR=3", ["FAIL loads"]),
    "left_open": ("LEFT_OPEN", ["FAIL ends_open_connections"]),
    "listens_in_vain": ("LISTENS", [
        "FAIL service_failure:listener.listen.done",
    ]),
    "loop_ended": ("LOOP_ENDED", [
        "FAIL create_start_stop",
        "FAIL ends_open_connections",
    ]),
    "many": ("MANY", ["FAIL many_connections"]),
    "memory_growth": ("MEMORY_GROWTH", ["WARN memory_growth"]),
    "message_without_end": ("MESSAGE_WITHOUT_END", [
        "FAIL error_message",
        "FAIL service_failure:config.get",
    ]),
    "no_message": ("NO_MESSAGE", [
        "FAIL error_message",
        "FAIL service_failure:config.get",
    ]),
    "not_closed": ("NOT_CLOSED", ["FAIL serves"]),
    "not_drained": ("NOT_DRAINED", ["FAIL drain_closes_idle"]),
    "note": ("NOTE", [
        "FAIL note",
        "FAIL required_service_missing:cluster.config/1",
    ]),
    "optional_service": ("OPTIONAL_SERVICE", [
        "FAIL optional_service_missing:cluster.log/1",
    ]),
    "peer_gone": ("PEER_GONE", ["FAIL peer_closes_at_once"]),
    "prints_when_loaded": ("CONSTRUCTOR=4", ["WARN loads"]),
    "refuses_in_create": ("REFUSES_IN_CREATE", ["FAIL create_start_stop"]),
    "refuses_in_start": ("REFUSES_IN_START", ["FAIL create_start_stop"]),
    "reset": ("RESET", ["FAIL peer_resets"]),
    "service_failure": ("SERVICE_FAILURE", [
        "FAIL service_failure:loop.start_timer",
        "FAIL service_failure:loop.watch",
    ]),
    "signals": ("SIGNALS", ["WARN signals"]),
    "spins": ("SPINS", ["FAIL peer_half_closes"]),
    "starts_thread_when_loaded": ("CONSTRUCTOR=5", ["WARN loads"]),
    "thread_left": ("THREAD_LEFT", ["WARN late_callback"]),
    "timer_leak": ("TIMER_LEAK", [
        "FAIL many_connections",
        "FAIL timer_leak",
        "WARN memory_growth",
    ]),
    "two_exports": ("TWO_EXPORTS", ["WARN elf"]),
    "table_without_size": ("TABLE_WITHOUT_SIZE", ["FAIL loads"]),
    "undefined_symbol": ("UNDEFINED_SYMBOL", ["FAIL undefined_symbols"]),
    "unknown_id": ("UNKNOWN_ID", ["FAIL unknown_id"]),
    "unlisted": ("UNLISTED", ["WARN services_listed"]),
    "watch_leak": ("WATCH_LEAK", [
        "FAIL many_connections",
        "FAIL watch_leak",
        "WARN memory_growth",
    ]),
    "wrong_state": ("WRONG_STATE", ["FAIL wrong_state"]),
    "wrong_thread": ("WRONG_THREAD", ["FAIL wrong_thread"]),
}

# Without the version script that hides what is exported too much.
LINKED_OTHERWISE = ["two_exports"]

# A wait that is in vain takes a quarter of it.
TIMEOUTS = {"hangs_for_ever": "8s", "keeps_reset": "12s"}
