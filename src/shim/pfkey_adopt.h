/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include <sys/socket.h>

/* shim_pfkey_adopt - this came from another process: know the emulated PF_KEY sockets in it. */
void shim_pfkey_adopt(const struct msghdr *msg);
