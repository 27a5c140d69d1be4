/* SPDX-License-Identifier: BSD-2-Clause */
#include "pcap_file.h"

#include <byteswap.h>
#include <stdio.h>
#include <string.h>

#define FRAME_MAX (256 * 1024)

static uint32_t number(const uint8_t *p, bool swapped)
{
	uint32_t n;

	memcpy(&n, p, sizeof(n));
	return swapped ? bswap_32(n) : n;
}

static int frames(FILE *f, struct decoder *d, enum decoder_link link, bool swapped)
{
	static uint8_t frame[FRAME_MAX];
	uint8_t header[16];
	size_t got;

	while ((got = fread(header, 1, sizeof(header), f)) == sizeof(header)) {
		uint32_t captured = number(header + 8, swapped),
			 on_wire = number(header + 12, swapped);

		if (captured > FRAME_MAX || captured > on_wire ||
		    fread(frame, 1, captured, f) != captured) {
			fprintf(stderr, "a frame is damaged or cut off\n");
			return -1;
		}
		decoder_frame(d, link, frame, captured, on_wire);
	}
	if (got) {
		fprintf(stderr, "the file ends inside a frame header\n");
		return -1;
	}
	return 0;
}

static int open_and_decode(FILE *f, struct decoder *d)
{
	uint8_t header[24];
	uint32_t magic, link;
	bool swapped;

	if (fread(header, 1, sizeof(header), f) != sizeof(header)) {
		fprintf(stderr, "no pcap header\n");
		return -1;
	}
	magic = number(header, false);
	swapped = magic == 0xd4c3b2a1 || magic == 0x4d3cb2a1;
	if (!swapped && magic != 0xa1b2c3d4 && magic != 0xa1b23c4d) {
		fprintf(stderr, "not a pcap file\n");
		return -1;
	}
	link = number(header + 20, swapped) & 0x0fffffff;
	if (link != DECODER_ETHERNET && link != DECODER_RAW_IP && link != DECODER_SLL &&
	    link != DECODER_SLL2) {
		fprintf(stderr, "link type %u is not known\n", link);
		return -1;
	}
	return frames(f, d, (enum decoder_link)link, swapped);
}

int pcap_file_decode(const char *path, struct decoder *d)
{
	FILE *f = fopen(path, "rb");
	int result;

	if (!f) {
		perror(path);
		return -1;
	}
	result = open_and_decode(f, d);
	fclose(f);
	return result;
}
