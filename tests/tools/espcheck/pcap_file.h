/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* The classic pcap file: either byte order, micro- or nanoseconds. */

#include "decode.h"

/* pcap_file_decode - every frame of @path to @d. 0, or -1 after saying on stderr what is wrong. */
int pcap_file_decode(const char *path, struct decoder *d);
