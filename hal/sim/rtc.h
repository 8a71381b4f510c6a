// SPDX-License-Identifier: Apache-2.0
//
// The clock on a battery of a PC as a model: an MC146818 (Motorola's data sheet of that name), of
// which the time can be read, but not set, and the update-ended interrupt is there. Ports are
// counted from the first, which chooses a register; the second one is that register.
#ifndef HAL_SIM_RTC_H
#define HAL_SIM_RTC_H

#include <stdbool.h>
#include <stdint.h>

enum { RTC_PORTS = 2 };

struct rtc {
    uint64_t since_s; // seconds from 1970 on that it shows at 0 ns
    uint64_t now_ns;
    uint8_t index, control, flags;
};

void rtc_init(struct rtc *rtc, uint64_t since_s);

uint8_t rtc_read(struct rtc *rtc, uint32_t port);
void rtc_write(struct rtc *rtc, uint32_t port, uint8_t value);

// Whether its interrupt line is raised.
bool rtc_interrupts(const struct rtc *rtc);

// Time has passed. When it interrupts next by itself; UINT64_MAX: never.
uint64_t rtc_step(struct rtc *rtc, uint64_t now_ns);

#endif
