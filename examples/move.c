/* SPDX-License-Identifier: BSD-2-Clause */
/* Adds an SA, moves it to another address and prints the event, on the uxfrmd of this network
 * namespace or, with --kernel, on the kernel. Needs nothing but libuxfrm-client. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <uxfrm/client.h>

static int say(const char *what, int result, struct uxfrm_conn *conn)
{
	struct uxfrm_result r = {0};

	if (result > 0)
		(void)uxfrm_conn_result(conn, 0, &r);
	if (result)
		printf("%s: %s\n", what,
		       r.text[0] ? r.text : strerror(result < 0 ? -result : r.error));
	return result;
}

static int on_event(void *opaque, const struct uxfrm_message *m)
{
	char dst[46], old[46];

	if (m->type != UXFRM_MSG_SA_MOVED)
		return 0;
	printf("SPI 0x%08x moved from %s to %s\n", m->sa_move.id.spi,
	       uxfrm_ip_text(m->sa_move.id.family, &m->sa_move.id.dst, old),
	       uxfrm_ip_text(m->sa_move.new_family, &m->sa_move.new_dst, dst));
	return UXFRM_STOP;
}

int main(int argc, char **argv)
{
	static const uint8_t key[20] = "128 bits and a salt";
	struct uxfrm_conn_params params;
	struct uxfrm_conn *conn, *events;
	struct uxfrm_sa sa;
	struct uxfrm_sa_move move;

	uxfrm_conn_params_init(&params);
	if (argc > 1 && strcmp(argv[1], "--kernel") == 0)
		params.target = UXFRM_TARGET_KERNEL;
	if (say("connect", uxfrm_conn_open(&params, &conn), NULL))
		return 1;
	params.groups = UXFRM_GROUP_BIT(UXFRM_GROUP_MIGRATE);
	if (say("connect", uxfrm_conn_open(&params, &events), NULL))
		return 1;

	uxfrm_sa_init(&sa);
	sa.id = (struct uxfrm_sa_id){.family = AF_INET, .proto = 50, .spi = 0x1000};
	uxfrm_ip_parse(AF_INET, "192.0.2.1", &sa.id.src);
	uxfrm_ip_parse(AF_INET, "192.0.2.2", &sa.id.dst);
	sa.mode = UXFRM_MODE_TUNNEL;
	sa.attrs.aead = (struct uxfrm_algo){"rfc4106(gcm(aes))", 160, 128, key};
	uxfrm_give(&sa.attrs, UXFRM_HAS_AEAD);
	if (uxfrm_sa_add(conn, &sa) || say("add", uxfrm_conn_run(conn, NULL, NULL), conn))
		return 1;

	uxfrm_sa_move_init(&move);
	move.id = sa.id;
	move.new_family = AF_INET;
	move.new_src = sa.id.src;
	uxfrm_ip_parse(AF_INET, "198.51.100.7", &move.new_dst);
	if (uxfrm_sa_migrate(conn, &move) || say("move", uxfrm_conn_run(conn, NULL, NULL), conn))
		return 1;
	int seen = uxfrm_conn_receive(events, 1000, on_event, NULL);

	uxfrm_conn_close(events);
	uxfrm_conn_close(conn);
	return seen != UXFRM_STOP;
}
