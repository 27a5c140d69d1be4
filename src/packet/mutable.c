/* SPDX-License-Identifier: BSD-2-Clause */

/* The same as in Linux, where RFC 4302 leaves a choice: options that are in none of its lists count
 * as mutable, a source route's last address is the destination. */

#include "packet/mutable.h"

#include <netinet/in.h>
#include <string.h>

#include "packet/ip.h"

enum { OPTION_END = 0, OPTION_NOP = 1, OPTION_LSRR = 131, OPTION_SSRR = 137 };
enum { OPTION6_PAD1 = 0, OPTION6_MAY_CHANGE = 0x20, OPTION6_HOME_ADDRESS = 201 };

#define ADDRESS4_LEN 4
#define ADDRESS6_LEN 16
#define SOURCE_ROUTE_MIN 6 /* with one address */

/* RFC 4302 appendix A1 */
static bool is_immutable(uint8_t option)
{
	return option == 130 /* security */ || option == 133 /* extended security */ ||
	       option == 134 /* commercial security */ || option == 148 /* router alert */ ||
	       option == 149 /* sender-directed multi-destination delivery */;
}

static bool clear_options4(uint8_t *header, uint32_t len, bool outbound)
{
	uint32_t at = UX_IP4_LEN;

	while (at < len && header[at] != OPTION_END) {
		uint8_t *option = header + at;
		bool route = option[0] == OPTION_LSRR || option[0] == OPTION_SSRR;

		if (option[0] == OPTION_NOP) {
			at++;
			continue;
		}
		if (len - at < 2 || option[1] < 2 || option[1] > len - at)
			return false;
		at += option[1];
		if (route && option[1] < SOURCE_ROUTE_MIN)
			return false;
		if (route && outbound)
			memcpy(header + 16, header + at - ADDRESS4_LEN, ADDRESS4_LEN);
		if (!is_immutable(option[0]))
			memset(option, 0, option[1]);
	}
	return true;
}

static bool clear4(uint8_t *header, uint32_t len, bool outbound)
{
	header[1] = 0;		   /* type of service */
	memset(header + 6, 0, 3);  /* flags, fragment offset, TTL */
	memset(header + 10, 0, 2); /* checksum */
	return clear_options4(header, len, outbound);
}

/* The other place's address in the option becomes the source, and is it at the end (RFC 6275
 * section 11.3.2). */
static void swap_home_address(uint8_t *header, uint8_t *option)
{
	uint8_t care_of[ADDRESS6_LEN];

	memcpy(care_of, header + 8, ADDRESS6_LEN);
	memcpy(header + 8, option + 2, ADDRESS6_LEN);
	memcpy(option + 2, care_of, ADDRESS6_LEN);
}

/* Hop-by-hop or destination options, @len bytes at @options. */
static bool clear_options6(uint8_t *header, uint8_t *options, uint32_t len, bool swap)
{
	uint32_t at = 2;

	while (at < len) {
		uint8_t *option = options + at;

		if (option[0] == OPTION6_PAD1) {
			at++;
			continue;
		}
		if (len - at < 2 || option[1] > len - at - 2)
			return false;
		if (swap && option[0] == OPTION6_HOME_ADDRESS && option[1] == ADDRESS6_LEN)
			swap_home_address(header, option);
		if (option[0] & OPTION6_MAY_CHANGE)
			memset(option + 2, 0, option[1]);
		at += 2u + option[1];
	}
	return true;
}

/* The destination and the addresses of a routing header as they will stand at the end of the route
 * (RFC 2402 appendix A2). */
static bool rearrange_route(uint8_t *header, uint8_t *routing)
{
	uint32_t segments = routing[1] / 2, left = routing[3];
	uint8_t *addresses = routing + 8, *rest;
	uint8_t last[ADDRESS6_LEN];

	if (left == 0)
		return true;
	if (left > segments)
		return false;
	routing[3] = 0;
	memcpy(last, addresses + (segments - 1) * ADDRESS6_LEN, ADDRESS6_LEN);
	rest = addresses + (segments - left) * ADDRESS6_LEN;
	memmove(rest + ADDRESS6_LEN, rest, (left - 1) * ADDRESS6_LEN);
	memcpy(rest, header + 24, ADDRESS6_LEN);
	memcpy(header + 24, last, ADDRESS6_LEN);
	return true;
}

static bool clear6(uint8_t *header, uint32_t len, bool outbound)
{
	uint8_t proto = header[6];
	uint32_t at = UX_IP6_LEN;
	bool ok = true;

	while (ok && len - at >= 8) {
		uint8_t *extension = header + at;
		uint32_t extension_len = (extension[1] + 1u) * 8;

		if (proto != IPPROTO_HOPOPTS && proto != IPPROTO_DSTOPTS &&
		    proto != IPPROTO_ROUTING)
			break;
		if (extension_len > len - at)
			return false;
		if (proto == IPPROTO_ROUTING)
			ok = rearrange_route(header, extension);
		else
			ok = clear_options6(header, extension, extension_len,
					    outbound && proto == IPPROTO_DSTOPTS);
		proto = extension[0];
		at += extension_len;
	}
	/* traffic class and flow label, hop limit */
	header[0] &= 0xf0;
	memset(header + 1, 0, 3);
	header[7] = 0;
	return ok;
}

bool ux_ip_clear_mutable(uint8_t *header, uint32_t len, uint16_t family, bool outbound)
{
	return family == AF_INET ? clear4(header, len, outbound) : clear6(header, len, outbound);
}
