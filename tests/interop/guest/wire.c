/* SPDX-License-Identifier: BSD-2-Clause */

/* What passes between the two namespaces: counted by kind, and on demand written as pcap. */

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

#include <linux/if_ether.h>
#include <linux/if_packet.h>

#include "guest.h"

#define SNAP 256
#define CLEAR_SHOWN 120
#define ROOM (32 << 20)
#define ENCAP_PORT 4500

enum kind { KIND_ESP, KIND_AH, KIND_COMP, KIND_UDP, KIND_CLEAR, KIND_OTHER, KINDS };

static const char *const names[KINDS] = {"esp", "ah", "comp", "udp", "clear", "other"};

/* At the end of uxfrmd: at the other one the kernel also shows what it has decrypted. */
static int fd;
static FILE *pcap;

void wire_open(void)
{
	struct sockaddr_ll name = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	const int room = ROOM;

	fd = open_socket(OURS, AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
	name.sll_ifindex = (int)if_nametoindex("w0");
	if (!name.sll_ifindex || bind(fd, (struct sockaddr *)&name, sizeof(name)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) < 0)
		die("the wire");
}

static enum kind kind_of_protocol(uint8_t protocol, const uint8_t *payload, bool first)
{
	uint16_t port;

	switch (protocol) {
	case IPPROTO_ESP:
		return KIND_ESP;
	case IPPROTO_AH:
		return KIND_AH;
	case IPPROTO_COMP:
		return KIND_COMP;
	case IPPROTO_UDP:
		memcpy(&port, payload + 2, sizeof(port));
		return first && port != htons(ENCAP_PORT) ? KIND_CLEAR : KIND_UDP;
	default:
		return KIND_CLEAR;
	}
}

/* @frame has SNAP bytes, zero behind its end. ARP and what IPv6 says to groups is other. */
static enum kind kind_of(const uint8_t *frame)
{
	const uint8_t *ip = frame + ETH_HLEN;
	uint16_t type, fragment;

	memcpy(&type, frame + 12, sizeof(type));
	if (type == htons(ETH_P_IP)) {
		memcpy(&fragment, ip + 6, sizeof(fragment));
		return kind_of_protocol(ip[9], ip + (ip[0] & 15) * 4, !(fragment & htons(0x1fff)));
	}
	if (type != htons(ETH_P_IPV6) || ip[24] == 0xff)
		return KIND_OTHER;
	if (ip[6] != IPPROTO_FRAGMENT)
		return kind_of_protocol(ip[6], ip + 40, true);
	memcpy(&fragment, ip + 42, sizeof(fragment));
	return kind_of_protocol(ip[40], ip + 48, !(fragment & htons(0xfff8)));
}

static void write_frame(const uint8_t *frame, uint32_t kept, uint32_t len)
{
	const uint32_t header[4] = {0, 0, kept, len};

	if (fwrite(header, sizeof(header), 1, pcap) != 1 || fwrite(frame, kept, 1, pcap) != 1)
		die("pcap");
}

/* The beginning of a packet that should have been protected. */
static void print_clear(FILE *out, const uint8_t *packet)
{
	fprintf(out, "clear ");
	for (int i = 0; i < CLEAR_SHOWN; i++)
		fprintf(out, "%02x", packet[i]);
	fprintf(out, "\n");
}

void wire_report(FILE *out)
{
	unsigned long counts[KINDS] = {0}, bytes = 0;
	struct tpacket_stats lost = {0};
	socklen_t lost_len = sizeof(lost);

	for (;;) {
		uint8_t frame[SNAP] = {0};
		enum kind kind;
		ssize_t n = recv(fd, frame, sizeof(frame), MSG_DONTWAIT | MSG_TRUNC);

		if (n < 0)
			break;
		kind = kind_of(frame);
		counts[kind]++;
		bytes += (unsigned long)n;
		if (out && kind == KIND_CLEAR && counts[kind] == 1)
			print_clear(out, frame + ETH_HLEN);
		if (pcap)
			write_frame(frame, n < SNAP ? (uint32_t)n : SNAP, (uint32_t)n);
	}
	if (getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &lost, &lost_len) < 0)
		die("the wire");
	if (!out)
		return;
	fprintf(out, "wire");
	for (int i = 0; i < KINDS; i++)
		fprintf(out, " %s=%lu", names[i], counts[i]);
	fprintf(out, " bytes=%lu unseen=%u\n", bytes, lost.tp_drops);
}

void wire_record(const char *path)
{
	/* magic, version 2.4, time zone, accuracy, snap length, Ethernet */
	const uint32_t header[6] = {0xa1b2c3d4, 0x00040002, 0, 0, SNAP, 1};

	wire_report(NULL);
	if (pcap && fclose(pcap) != 0)
		die("pcap");
	pcap = path ? fopen(path, "we") : NULL;
	if (path && (!pcap || fwrite(header, sizeof(header), 1, pcap) != 1))
		die("pcap");
}
