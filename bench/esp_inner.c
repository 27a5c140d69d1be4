/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "esp.h"

#define INNER_HEADERS 28

void esp_inner(uint8_t *at, uint32_t size, uint32_t sa)
{
	const uint8_t header[INNER_HEADERS] = {
	    0x45, 0, (uint8_t)(size >> 8), (uint8_t)size, 0, 1, 0x40, 0, 64, 17, 0, 0, 192, 0,
	    2,	  1};
	uint32_t length = size - 20;

	memset(at, (int)size, size);
	memcpy(at, header, sizeof(header));
	at[16] = (uint8_t)(10 + (sa >> 24));
	at[17] = (uint8_t)(sa >> 16);
	at[18] = (uint8_t)(sa >> 8);
	at[19] = (uint8_t)sa;
	at[20] = 0x13;
	at[22] = 0x17;
	at[24] = (uint8_t)(length >> 8);
	at[25] = (uint8_t)length;
}

bool esp_inner_right(const uint8_t *at, uint32_t size)
{
	static uint8_t wanted[ESP_SIZE_MAX];

	esp_inner(wanted, size, 0);
	memcpy(wanted + 16, at + 16, 4);
	return memcmp(at, wanted, size) == 0;
}
