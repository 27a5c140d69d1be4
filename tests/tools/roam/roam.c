/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * roam: moves SAs by XFRM_MSG_MIGRATE_STATE on one netlink socket that stays open, so that the time
 * of a call is that of the call and not of a process. Commands on standard input, an answer line
 * for each: migrate dst A spi N [mark V/M] new-dst A new-src A reqid N [new-mark V/M] [encap
 * none|SPORT:DPORT]
 *       -> "ok MICROSECONDS [text]" or "error ERRNO MICROSECONDS text"
 *   keepalive src A:PORT dst A:PORT
 *       -> "ok": one NAT keepalive (RFC 3948 section 2.3), so that the NAT has a mapping before it
 * is needed
 */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "migrate_request.h"

static bool read_address(const char *text, struct migrate_address *a)
{
	*a = (struct migrate_address){.family = strchr(text, ':') ? AF_INET6 : AF_INET};
	return inet_pton(a->family, text, a->bytes) == 1;
}

static bool read_number(const char *text, uint32_t *n)
{
	char *end;

	errno = 0;
	*n = (uint32_t)strtoul(text, &end, 0);
	return !errno && end != text && !*end;
}

static bool read_mark(const char *text, uint32_t *v, uint32_t *m)
{
	return sscanf(text, "%i/%i", (int *)v, (int *)m) == 2;
}

static bool read_encap(const char *text, struct migrate_request *r)
{
	r->has_encap = true;
	if (!strcmp(text, "none"))
		return true;
	return sscanf(text, "%hu:%hu", &r->sport, &r->dport) == 2 && r->sport && r->dport;
}

static bool read_word(const char *word, const char *value, struct migrate_request *r)
{
	if (!strcmp(word, "dst"))
		return read_address(value, &r->dst);
	if (!strcmp(word, "new-dst"))
		return read_address(value, &r->new_dst);
	if (!strcmp(word, "new-src"))
		return read_address(value, &r->new_src);
	if (!strcmp(word, "spi"))
		return read_number(value, &r->spi);
	if (!strcmp(word, "reqid"))
		return read_number(value, &r->reqid);
	if (!strcmp(word, "mark"))
		return read_mark(value, &r->mark_v, &r->mark_m);
	if (!strcmp(word, "encap"))
		return read_encap(value, r);
	if (!strcmp(word, "new-mark")) {
		r->has_new_mark = true;
		return read_mark(value, &r->new_mark_v, &r->new_mark_m);
	}
	return false;
}

static void migrate(int fd, char *words)
{
	struct migrate_request r = {0};
	struct migrate_answer answer;
	char *word, *value;

	while ((word = strtok_r(NULL, " \n", &words))) {
		value = strtok_r(NULL, " \n", &words);
		if (!value || !read_word(word, value, &r)) {
			printf("error %d 0 bad word or value: %s\n", EINVAL, word);
			return;
		}
	}
	if (!r.dst.family || !r.spi || r.new_dst.family != r.new_src.family || !r.new_dst.family) {
		printf("error %d 0 dst, spi, new-dst and new-src are needed\n", EINVAL);
		return;
	}
	answer = migrate_send(fd, &r);
	if (answer.error)
		printf("error %d %.2f %s\n", answer.error, answer.us,
		       *answer.text ? answer.text : strerror(answer.error));
	else
		printf("ok %.2f %s\n", answer.us, answer.text);
}

/*
 * The port belongs to uxfrmd (and to an IKE daemon), whose socket group a bind would disturb; a raw
 * socket sends from it all the same.
 */
static bool send_keepalive(uint32_t src_be, unsigned int sport, uint32_t dst_be, unsigned int dport)
{
	int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_UDP);
	struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = src_be};
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = dst_be};
	struct {
		struct udphdr header;
		uint8_t ones;
	} packet = {.ones = 0xff};
	ssize_t n = -1;

	packet.header.source = htons((uint16_t)sport);
	packet.header.dest = htons((uint16_t)dport);
	packet.header.len =
	    htons(sizeof(packet.header) + 1); /* checksum 0: not used, as RFC 3948 wants */
	if (fd >= 0 && !bind(fd, (struct sockaddr *)&from, sizeof(from)))
		n = sendto(fd, &packet, sizeof(packet.header) + 1, 0, (struct sockaddr *)&to,
			   sizeof(to));
	if (fd >= 0)
		close(fd);
	return n > 0;
}

static void keepalive(const char *words)
{
	char src[64], dst[64];
	unsigned int sport, dport;
	struct in_addr from, to;

	if (sscanf(words, " src %63[0-9.]:%u dst %63[0-9.]:%u", src, &sport, dst, &dport) != 4 ||
	    inet_pton(AF_INET, src, &from) != 1 || inet_pton(AF_INET, dst, &to) != 1)
		printf("error %d 0 src A:PORT dst A:PORT are needed\n", EINVAL);
	else if (!send_keepalive(from.s_addr, sport, to.s_addr, dport))
		printf("error %d 0 keepalive: %s\n", errno, strerror(errno));
	else
		printf("ok\n");
}

int main(void)
{
	char line[512];
	int fd = migrate_open();

	printf("ready\n");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		if (!strncmp(line, "migrate ", 8))
			migrate(fd, line + 8);
		else if (!strncmp(line, "keepalive ", 10))
			keepalive(line + 9);
		else
			printf("error %d 0 unknown command\n", EINVAL);
		fflush(stdout);
	}
	close(fd);
	return 0;
}
