/* The layout of every struct that crosses, field by field, as C11 and C++20 see
 * it. A number that changes here breaks plugins that are built: structs grow at
 * the end. layout_test fails when a struct or a field has no line. */
#ifndef PLUGINS_ABI_LAYOUT_H_
#define PLUGINS_ABI_LAYOUT_H_

#include <stddef.h>

#include "plugins/abi/cluster_plugin.h"
#include "plugins/abi/cluster_plugin_note.h"

#define CLUSTER_SIZE(type, bytes) \
  CLUSTER_STATIC_ASSERT_(sizeof(type) == (bytes), "size of " #type)
#define CLUSTER_AT(type, field, offset) \
  CLUSTER_STATIC_ASSERT_(offsetof(type, field) == (offset), #type "." #field)

/* The ABI is for 64-bit machines. */

CLUSTER_SIZE(void*, 8);

CLUSTER_SIZE(cluster_string, 16);
CLUSTER_AT(cluster_string, data, 0);
CLUSTER_AT(cluster_string, size, 8);

CLUSTER_SIZE(cluster_error, 256);
CLUSTER_AT(cluster_error, size, 0);
CLUSTER_AT(cluster_error, code, 4);
CLUSTER_AT(cluster_error, message, 8);

CLUSTER_SIZE(cluster_address, 24);
CLUSTER_AT(cluster_address, family, 0);
CLUSTER_AT(cluster_address, reserved, 1);
CLUSTER_AT(cluster_address, port, 2);
CLUSTER_AT(cluster_address, scope_id, 4);
CLUSTER_AT(cluster_address, bytes, 8);

CLUSTER_SIZE(cluster_connection, 56);
CLUSTER_AT(cluster_connection, size, 0);
CLUSTER_AT(cluster_connection, fd, 4);
CLUSTER_AT(cluster_connection, id, 8);
CLUSTER_AT(cluster_connection, accepted_ns, 16);
CLUSTER_AT(cluster_connection, listener, 24);
CLUSTER_AT(cluster_connection, reserved, 28);
CLUSTER_AT(cluster_connection, peer, 32);

CLUSTER_SIZE(cluster_host, 32);
CLUSTER_AT(cluster_host, size, 0);
CLUSTER_AT(cluster_host, flags, 4);
CLUSTER_AT(cluster_host, abi_major, 8);
CLUSTER_AT(cluster_host, abi_minor, 12);
CLUSTER_AT(cluster_host, host_data, 16);
CLUSTER_AT(cluster_host, get_service, 24);

CLUSTER_SIZE(cluster_loop_v1, 56);
CLUSTER_AT(cluster_loop_v1, size, 0);
CLUSTER_AT(cluster_loop_v1, flags, 4);
CLUSTER_AT(cluster_loop_v1, watch, 8);
CLUSTER_AT(cluster_loop_v1, modify, 16);
CLUSTER_AT(cluster_loop_v1, unwatch, 24);
CLUSTER_AT(cluster_loop_v1, start_timer, 32);
CLUSTER_AT(cluster_loop_v1, cancel_timer, 40);
CLUSTER_AT(cluster_loop_v1, post, 48);

CLUSTER_SIZE(cluster_embedding_v1, 24);
CLUSTER_AT(cluster_embedding_v1, size, 0);
CLUSTER_AT(cluster_embedding_v1, flags, 4);
CLUSTER_AT(cluster_embedding_v1, pollable, 8);
CLUSTER_AT(cluster_embedding_v1, dispatch, 16);

CLUSTER_SIZE(cluster_connection_v1, 48);
CLUSTER_AT(cluster_connection_v1, size, 0);
CLUSTER_AT(cluster_connection_v1, flags, 4);
CLUSTER_AT(cluster_connection_v1, close, 8);
CLUSTER_AT(cluster_connection_v1, closed, 16);
CLUSTER_AT(cluster_connection_v1, local_address, 24);
CLUSTER_AT(cluster_connection_v1, requests, 32);
CLUSTER_AT(cluster_connection_v1, bytes, 40);

CLUSTER_SIZE(cluster_config_v1, 64);
CLUSTER_AT(cluster_config_v1, size, 0);
CLUSTER_AT(cluster_config_v1, flags, 4);
CLUSTER_AT(cluster_config_v1, get, 8);
CLUSTER_AT(cluster_config_v1, entry, 16);
CLUSTER_AT(cluster_config_v1, argument, 24);
CLUSTER_AT(cluster_config_v1, worker_id, 32);
CLUSTER_AT(cluster_config_v1, worker_count, 40);
CLUSTER_AT(cluster_config_v1, slot, 48);
CLUSTER_AT(cluster_config_v1, generation, 56);

CLUSTER_SIZE(cluster_log_v1, 16);
CLUSTER_AT(cluster_log_v1, size, 0);
CLUSTER_AT(cluster_log_v1, flags, 4);
CLUSTER_AT(cluster_log_v1, write, 8);

CLUSTER_SIZE(cluster_acceptor_v1, 40);
CLUSTER_AT(cluster_acceptor_v1, size, 0);
CLUSTER_AT(cluster_acceptor_v1, flags, 4);
CLUSTER_AT(cluster_acceptor_v1, take_over, 8);
CLUSTER_AT(cluster_acceptor_v1, take, 16);
CLUSTER_AT(cluster_acceptor_v1, pause, 24);
CLUSTER_AT(cluster_acceptor_v1, resume, 32);

CLUSTER_SIZE(cluster_listener_info, 56);
CLUSTER_AT(cluster_listener_info, size, 0);
CLUSTER_AT(cluster_listener_info, listener, 4);
CLUSTER_AT(cluster_listener_info, kind, 8);
CLUSTER_AT(cluster_listener_info, reserved, 12);
CLUSTER_AT(cluster_listener_info, address, 16);
CLUSTER_AT(cluster_listener_info, text, 40);

CLUSTER_SIZE(cluster_listen_options, 16);
CLUSTER_AT(cluster_listen_options, size, 0);
CLUSTER_AT(cluster_listen_options, flags, 4);
CLUSTER_AT(cluster_listen_options, backlog, 8);
CLUSTER_AT(cluster_listen_options, reserved, 12);

CLUSTER_SIZE(cluster_listener_v1, 40);
CLUSTER_AT(cluster_listener_v1, size, 0);
CLUSTER_AT(cluster_listener_v1, flags, 4);
CLUSTER_AT(cluster_listener_v1, count, 8);
CLUSTER_AT(cluster_listener_v1, info, 16);
CLUSTER_AT(cluster_listener_v1, listen, 24);
CLUSTER_AT(cluster_listener_v1, close, 32);

CLUSTER_SIZE(cluster_datagram_v1, 16);
CLUSTER_AT(cluster_datagram_v1, size, 0);
CLUSTER_AT(cluster_datagram_v1, flags, 4);
CLUSTER_AT(cluster_datagram_v1, socket, 8);

CLUSTER_SIZE(cluster_message, 48);
CLUSTER_AT(cluster_message, size, 0);
CLUSTER_AT(cluster_message, from_worker, 4);
CLUSTER_AT(cluster_message, from_slot, 8);
CLUSTER_AT(cluster_message, fd_count, 12);
CLUSTER_AT(cluster_message, request, 16);
CLUSTER_AT(cluster_message, payload, 24);
CLUSTER_AT(cluster_message, fds, 40);

CLUSTER_SIZE(cluster_outgoing, 40);
CLUSTER_AT(cluster_outgoing, size, 0);
CLUSTER_AT(cluster_outgoing, to, 4);
CLUSTER_AT(cluster_outgoing, number, 8);
CLUSTER_AT(cluster_outgoing, fd_count, 12);
CLUSTER_AT(cluster_outgoing, payload, 16);
CLUSTER_AT(cluster_outgoing, fds, 32);

CLUSTER_SIZE(cluster_message_v1, 40);
CLUSTER_AT(cluster_message_v1, size, 0);
CLUSTER_AT(cluster_message_v1, flags, 4);
CLUSTER_AT(cluster_message_v1, on_message, 8);
CLUSTER_AT(cluster_message_v1, send, 16);
CLUSTER_AT(cluster_message_v1, request, 24);
CLUSTER_AT(cluster_message_v1, reply, 32);

CLUSTER_SIZE(cluster_metric_v1, 56);
CLUSTER_AT(cluster_metric_v1, size, 0);
CLUSTER_AT(cluster_metric_v1, flags, 4);
CLUSTER_AT(cluster_metric_v1, counter, 8);
CLUSTER_AT(cluster_metric_v1, gauge, 16);
CLUSTER_AT(cluster_metric_v1, histogram, 24);
CLUSTER_AT(cluster_metric_v1, add, 32);
CLUSTER_AT(cluster_metric_v1, set, 40);
CLUSTER_AT(cluster_metric_v1, observe, 48);

CLUSTER_SIZE(cluster_health_v1, 40);
CLUSTER_AT(cluster_health_v1, size, 0);
CLUSTER_AT(cluster_health_v1, flags, 4);
CLUSTER_AT(cluster_health_v1, ready, 8);
CLUSTER_AT(cluster_health_v1, not_ready, 16);
CLUSTER_AT(cluster_health_v1, heartbeat, 24);
CLUSTER_AT(cluster_health_v1, end, 32);

CLUSTER_SIZE(cluster_thread_check_v1, 16);
CLUSTER_AT(cluster_thread_check_v1, size, 0);
CLUSTER_AT(cluster_thread_check_v1, flags, 4);
CLUSTER_AT(cluster_thread_check_v1, is_loop_thread, 8);

CLUSTER_SIZE(cluster_worker_plugin, 64);
CLUSTER_AT(cluster_worker_plugin, size, 0);
CLUSTER_AT(cluster_worker_plugin, flags, 4);
CLUSTER_AT(cluster_worker_plugin, create, 8);
CLUSTER_AT(cluster_worker_plugin, start, 16);
CLUSTER_AT(cluster_worker_plugin, on_connection, 24);
CLUSTER_AT(cluster_worker_plugin, drain, 32);
CLUSTER_AT(cluster_worker_plugin, stop, 40);
CLUSTER_AT(cluster_worker_plugin, destroy, 48);
CLUSTER_AT(cluster_worker_plugin, run, 56);

CLUSTER_SIZE(cluster_plugin_entry_t, 72);
CLUSTER_AT(cluster_plugin_entry_t, magic, 0);
CLUSTER_AT(cluster_plugin_entry_t, size, 8);
CLUSTER_AT(cluster_plugin_entry_t, kind, 12);
CLUSTER_AT(cluster_plugin_entry_t, abi_major, 16);
CLUSTER_AT(cluster_plugin_entry_t, abi_minor, 20);
CLUSTER_AT(cluster_plugin_entry_t, abi_minor_min, 24);
CLUSTER_AT(cluster_plugin_entry_t, flags, 28);
CLUSTER_AT(cluster_plugin_entry_t, name, 32);
CLUSTER_AT(cluster_plugin_entry_t, version, 40);
CLUSTER_AT(cluster_plugin_entry_t, required_services, 48);
CLUSTER_AT(cluster_plugin_entry_t, optional_services, 56);
CLUSTER_AT(cluster_plugin_entry_t, table, 64);

CLUSTER_SIZE(cluster_plugin_note_desc, 544);
CLUSTER_AT(cluster_plugin_note_desc, size, 0);
CLUSTER_AT(cluster_plugin_note_desc, kind, 4);
CLUSTER_AT(cluster_plugin_note_desc, abi_major, 8);
CLUSTER_AT(cluster_plugin_note_desc, abi_minor, 12);
CLUSTER_AT(cluster_plugin_note_desc, abi_minor_min, 16);
CLUSTER_AT(cluster_plugin_note_desc, sanitizers, 20);
CLUSTER_AT(cluster_plugin_note_desc, name, 24);
CLUSTER_AT(cluster_plugin_note_desc, version, 72);
CLUSTER_AT(cluster_plugin_note_desc, compiler, 96);
CLUSTER_AT(cluster_plugin_note_desc, required_services, 160);
CLUSTER_AT(cluster_plugin_note_desc, optional_services, 352);

CLUSTER_SIZE(cluster_plugin_note, 564);
CLUSTER_AT(cluster_plugin_note, owner_size, 0);
CLUSTER_AT(cluster_plugin_note, desc_size, 4);
CLUSTER_AT(cluster_plugin_note, type, 8);
CLUSTER_AT(cluster_plugin_note, owner, 12);
CLUSTER_AT(cluster_plugin_note, desc, 20);

#endif /* PLUGINS_ABI_LAYOUT_H_ */
