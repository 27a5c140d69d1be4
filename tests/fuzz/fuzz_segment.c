/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Super-packets of any content are cut, and bursts of any content put together and cut again.
 *
 * An input begins with the length of segments (two bytes, little-endian) and which kinds may be put
 * together (one); then a list of records: flags (one byte), length (two, little-endian) and bytes. Each record is
 * a super-packet by itself, and all are one burst. Each is an allocation of its own, so that any
 * byte too many is seen. Flag 1: it gets right checksums.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/packet/coalesce_property.h"
#include "packet/ip.h"
#include "packet/udp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)                                                    \
	do {                                                               \
		if (!(condition)) {                                        \
			fprintf(stderr, "%d: %s\n", __LINE__, #condition); \
			abort();                                           \
		}                                                          \
	} while (0)

/* The segments have all of the payload, and are packets. */
static void cut(const uint8_t *packet, uint32_t len, uint32_t size)
{
	struct ux_segmenter s;
	uint32_t total = 0;

	if (!ux_segment_begin(&s, packet, len, size))
		return;
	for (uint32_t i = 0; i < s.n; i++) {
		uint32_t payload = ux_segment_payload(&s, i);
		uint8_t *segment = calloc(1, s.header_len + payload);
		struct ux_ip_info info;

		MUST(segment && payload <= size);
		MUST(ux_segment_finish(&s, i, segment) == s.header_len + payload);
		MUST(ux_ip_parse(segment, s.header_len + payload, &info));
		MUST(info.total_len == s.header_len + payload);
		total += payload;
		free(segment);
	}
	MUST(s.header_len + total == len);
}

static struct uxfrm_packet *new_packet(const uint8_t *bytes, uint32_t len, bool fix)
{
	struct uxfrm_packet *p = calloc(1, sizeof(*p));
	struct ux_ip_info info;

	MUST(p);
	p->buf = p->data = malloc(len ? len : 1);
	MUST(p->buf);
	p->len = p->size = len;
	memcpy(p->data, bytes, len);
	if (fix && ux_ip_parse(p->data, p->len, &info)) {
		if (info.family == AF_INET)
			ux_ip4_set_length(p->data, info.total_len);
		ux_transport_checksum(p->data, &info);
	}
	return p;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct uxfrm_packet *burst[UXFRM_BURST] = {0};
	uint32_t segment, kinds;
	size_t n = 0;

	if (size < 3)
		return 0;
	segment = data[0] | (uint32_t)data[1] << 8;
	kinds = data[2];
	data += 3;
	size -= 3;
	while (size >= 3 && n < UXFRM_BURST) {
		uint32_t len = data[1] | (uint32_t)data[2] << 8;

		if (len > size - 3)
			len = (uint32_t)(size - 3);
		burst[n] = new_packet(data + 3, len, data[0] & 1);
		cut(burst[n]->data, len, segment);
		(void)ux_segment_checksum(burst[n]->data, len, data[0], segment);
		if (data[0] & 1) { /* right again */
			free(burst[n]->buf);
			free(burst[n]);
			burst[n] = new_packet(data + 3, len, true);
		}
		n++;
		data += 3 + len;
		size -= 3 + len;
	}
	MUST(coalesce_property_holds(burst, n, kinds));
	for (size_t i = 0; i < n; i++) {
		free(burst[i]->buf);
		free(burst[i]);
	}
	return 0;
}
