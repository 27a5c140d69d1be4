/* SPDX-License-Identifier: BSD-2-Clause */

/* Addresses as text. */

#include <arpa/inet.h>
#include <errno.h>

#include <uxfrm/api.h>
#include <uxfrm/client.h>

UXFRM_API int uxfrm_ip_parse(int family, const char *text, union uxfrm_ip *ret_ip)
{
	union uxfrm_ip ip = {0};

	if (family != AF_INET6 && inet_pton(AF_INET, text, &ip) == 1) {
		*ret_ip = ip;
		return AF_INET;
	}
	if (family != AF_INET && inet_pton(AF_INET6, text, &ip) == 1) {
		*ret_ip = ip;
		return AF_INET6;
	}
	return -EINVAL;
}

UXFRM_API const char *uxfrm_ip_text(int family, const union uxfrm_ip *ip, char *buf)
{
	if (!inet_ntop(family, ip, buf, INET6_ADDRSTRLEN))
		buf[0] = '\0';
	return buf;
}
