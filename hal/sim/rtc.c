// SPDX-License-Identifier: Apache-2.0
//
// See rtc.h. An update takes the last moments of a second; meanwhile the registers say nothing.
#include "hal/sim/rtc.h"

#include <time.h>

enum rtc_register {
    REGISTER_SECOND = 0x00,
    REGISTER_MINUTE = 0x02,
    REGISTER_HOUR = 0x04,
    REGISTER_WEEKDAY = 0x06,
    REGISTER_DAY = 0x07,
    REGISTER_MONTH = 0x08,
    REGISTER_YEAR = 0x09,
    REGISTER_A = 0x0a,
    REGISTER_B = 0x0b,
    REGISTER_C = 0x0c,
    REGISTER_D = 0x0d,
    REGISTER_CENTURY = 0x32, // of PCs
};

enum {
    REGISTERS = 0x80,
    A_DIVIDER = 0x26,
    A_UPDATES = 1 << 7,
    B_24_HOURS = 1 << 1,
    B_BINARY = 1 << 2,
    B_UPDATE_ENDED = 1 << 4,
    C_UPDATE_ENDED = 1 << 4,
    C_INTERRUPTS = 1 << 7,
    D_VALID = 1 << 7,
    NOTHING = 0xff,
};

static const uint64_t SECOND_NS = 1000000000, UPDATE_NS = 2228000; // 244 us before it, and 1,984

void rtc_init(struct rtc *rtc, uint64_t since_s)
{
    *rtc = (struct rtc){.since_s = since_s, .control = B_24_HOURS};
}

static uint8_t number(const struct rtc *rtc, int value)
{
    unsigned shown = (unsigned)value;

    return (uint8_t)((rtc->control & B_BINARY) != 0 ? shown : shown / 10 << 4 | shown % 10);
}

static uint8_t hour(const struct rtc *rtc, int value)
{
    if ((rtc->control & B_24_HOURS) != 0) {
        return number(rtc, value);
    }
    return number(rtc, (value + 11) % 12 + 1) | (value >= 12 ? 0x80 : 0);
}

static bool updates(const struct rtc *rtc)
{
    return rtc->now_ns % SECOND_NS >= SECOND_NS - UPDATE_NS;
}

static uint8_t register_read(struct rtc *rtc)
{
    time_t seconds = (time_t)(rtc->since_s + rtc->now_ns / SECOND_NS);
    struct tm shown;
    uint8_t flags = rtc->flags;

    gmtime_r(&seconds, &shown);
    switch (rtc->index) {
    case REGISTER_A:
        return A_DIVIDER | (updates(rtc) ? A_UPDATES : 0);
    case REGISTER_B:
        return rtc->control;
    case REGISTER_C:
        rtc->flags = 0;
        return flags;
    case REGISTER_D:
        return D_VALID;
    }
    if (updates(rtc)) {
        return NOTHING;
    }
    switch (rtc->index) {
    case REGISTER_SECOND:
        return number(rtc, shown.tm_sec);
    case REGISTER_MINUTE:
        return number(rtc, shown.tm_min);
    case REGISTER_HOUR:
        return hour(rtc, shown.tm_hour);
    case REGISTER_WEEKDAY:
        return number(rtc, shown.tm_wday + 1);
    case REGISTER_DAY:
        return number(rtc, shown.tm_mday);
    case REGISTER_MONTH:
        return number(rtc, shown.tm_mon + 1);
    case REGISTER_YEAR:
        return number(rtc, shown.tm_year % 100);
    case REGISTER_CENTURY:
        return number(rtc, shown.tm_year / 100 + 19);
    }
    return 0; // memory that was never written
}

uint8_t rtc_read(struct rtc *rtc, uint32_t port)
{
    return port == 0 ? NOTHING : register_read(rtc);
}

void rtc_write(struct rtc *rtc, uint32_t port, uint8_t value)
{
    if (port == 0) {
        rtc->index = value % REGISTERS;
    } else if (rtc->index == REGISTER_B) {
        rtc->control = value;
    }
}

bool rtc_interrupts(const struct rtc *rtc)
{
    return (rtc->flags & C_INTERRUPTS) != 0;
}

uint64_t rtc_step(struct rtc *rtc, uint64_t now_ns)
{
    bool is_told = (rtc->control & B_UPDATE_ENDED) != 0;

    if (now_ns / SECOND_NS != rtc->now_ns / SECOND_NS) {
        rtc->flags |= C_UPDATE_ENDED | (is_told ? C_INTERRUPTS : 0);
    }
    rtc->now_ns = now_ns;
    return is_told ? (now_ns / SECOND_NS + 1) * SECOND_NS : UINT64_MAX;
}
