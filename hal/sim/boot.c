// SPDX-License-Identifier: Apache-2.0
//
// The simulator's main(): reads the command line, puts the boot package at the top of the machine's
// memory, boots the kernel and hands over to the loop.
#define _GNU_SOURCE
#include "hal/sim/sim.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "abi/start.h"
#include "lib/package/package.h"

struct options {
    const char *package;
    const char *exports[SIM_EXPORT_COUNT];
    uint64_t seed;
    uint64_t memory; // bytes
    uint64_t cpus;
    bool trace_entries;
    struct sim_chaos chaos;
    bool is_live;
    int far; // file descriptor; -1: nobody
};

struct option {
    const char *name;
    const char *value; // what its value is called; NULL: it takes none
    const char *meaning;
    void (*take)(struct options *options, const char *value);
};

static void take_package(struct options *options, const char *value)
{
    options->package = value;
}

static void take_log(struct options *options, const char *value)
{
    options->exports[SIM_EXPORT_LOG] = value;
}

static void take_syslog(struct options *options, const char *value)
{
    options->exports[SIM_EXPORT_SYSLOG] = value;
}

static void take_trace_entries(struct options *options, const char *value)
{
    (void)value;
    options->trace_entries = true;
}

// A whole number, decimal or 0x...; *end is what follows it.
static uint64_t number_decode(const char *name, const char *value, char **end)
{
    errno = 0;
    unsigned long long number = strtoull(value, end, 0);
    if (*end == value || errno != 0 || value[0] < '0' || value[0] > '9') {
        sim_die(SIM_EXIT_USAGE, "--%s: '%s' is not a number below 2^64", name, value);
    }
    return number;
}

static uint64_t number_take(const char *name, const char *value)
{
    char *end;
    uint64_t number = number_decode(name, value, &end);

    if (*end != '\0') {
        sim_die(SIM_EXIT_USAGE, "--%s: '%s' follows the number in '%s'", name, end, value);
    }
    return number;
}

static void take_seed(struct options *options, const char *value)
{
    options->seed = number_take("seed", value);
}

static void take_steps(struct options *options, const char *value)
{
    options->chaos.steps = number_take("steps", value);
}

static void take_faults(struct options *options, const char *value)
{
    options->chaos.faults = number_take("faults", value);
}

static void take_memory(struct options *options, const char *value)
{
    static const char units[] = "KMG";
    char *end;
    uint64_t size = number_decode("memory", value, &end);
    const char *unit = *end == '\0' ? NULL : strchr(units, *end);

    if (unit == NULL || end[1] != '\0') {
        sim_die(SIM_EXIT_USAGE, "--memory: '%s' is not a number and K, M or G", value);
    }
    unsigned shift = 10 * (unsigned)(unit - units + 1);
    if (size > SIM_MEMORY_MAX >> shift || size << shift < PAGE_SIZE) {
        sim_die(SIM_EXIT_USAGE, "--memory: %s is not between 4K and %lluG", value,
                (unsigned long long)(SIM_MEMORY_MAX >> 30));
    }
    options->memory = (size << shift) & ~(uint64_t)(PAGE_SIZE - 1);
}

static void take_live(struct options *options, const char *value)
{
    (void)value;
    options->is_live = true;
}

static void take_far(struct options *options, const char *value)
{
    char *end;
    uint64_t number = number_decode("far", value, &end);

    if (*end != '\0' || number > INT_MAX || fcntl((int)number, F_GETFD) < 0) {
        sim_die(SIM_EXIT_USAGE, "--far: '%s' is no file descriptor that is open", value);
    }
    options->far = (int)number;
}

static void take_cpus(struct options *options, const char *value)
{
    options->cpus = number_take("cpus", value);
    if (options->cpus < 1 || options->cpus > HAL_CPUS_MAX) {
        sim_die(SIM_EXIT_USAGE, "--cpus: %s is not between 1 and %d", value, HAL_CPUS_MAX);
    }
}

static void take_help(struct options *options, const char *value);

static const struct option option_table[] = {
    {"package", "FILE", "the boot package", take_package},
    {"seed", "N", "decides time, entropy and interleaving; default 1", take_seed},
    {"memory", "SIZE", "the machine's RAM, as 24M or 1G; default 64M", take_memory},
    {"cpus", "N", "CPUs, which take turns by the seed; default 1", take_cpus},
    {"log", "FILE", "where the commit log goes when the machine halts", take_log},
    {"syslog", "FILE", "where the SysLog's last records go then", take_syslog},
    {"steps", "N", "stop after so many turns, and check everything", take_steps},
    {"faults", "N", "one turn in N: a process dies, or something is used up", take_faults},
    {"trace-entries", NULL, "print each kernel entry on standard error", take_trace_entries},
    {"far", "FD", "a socket: who plays the far ends of COM2 and COM3 (far.c)", take_far},
    {"live", NULL, "time is the host's, for somebody who sits at it", take_live},
    {"help", NULL, "print this", take_help},
};

enum { OPTION_COUNT = sizeof(option_table) / sizeof(option_table[0]) };

static void take_help(struct options *options, const char *value)
{
    (void)options;
    (void)value;
    printf("tessera-sim: the whole system in one process, deterministic from a seed\n\n");
    for (uint32_t i = 0; i < OPTION_COUNT; i++) {
        const char *argument = option_table[i].value == NULL ? "" : option_table[i].value;
        printf("  --%s %-*s %s\n", option_table[i].name, 18 - (int)strlen(option_table[i].name),
               argument, option_table[i].meaning);
    }
    printf(
        "\nThe exit code is the machine's own: 0 where all went well. 2: it could not run.\n"
        "3: every thread waits and nothing is due. 127: the kernel panicked.\n");
    exit(0);
}

static struct options options_decode(int count, char **arguments)
{
    struct options options = {.seed = 1, .memory = 64ull << 20, .cpus = 1, .far = -1};

    for (int i = 1; i < count; i++) {
        const struct option *found = NULL;
        for (uint32_t j = 0; j < OPTION_COUNT; j++) {
            if (strncmp(arguments[i], "--", 2) == 0 &&
                strcmp(arguments[i] + 2, option_table[j].name) == 0) {
                found = &option_table[j];
            }
        }
        if (found == NULL) {
            sim_die(SIM_EXIT_USAGE, "no such option: '%s' (--help lists them)", arguments[i]);
        }
        if (found->value != NULL && i + 1 == count) {
            sim_die(SIM_EXIT_USAGE, "--%s: %s is missing", found->name, found->value);
        }
        const char *value = found->value == NULL ? NULL : arguments[++i];
        found->take(&options, value);
    }
    return options;
}

// Reads the package into the topmost frames and takes them from the machine's memory.
static void package_load(const char *path, uint64_t memory, struct boot *boot)
{
    FILE *file = fopen(path, "rb");
    struct stat status;

    if (file == NULL || fstat(fileno(file), &status) != 0) {
        sim_die(SIM_EXIT_USAGE, "can't read the package '%s': %s", path, strerror(errno));
    }
    if (!S_ISREG(status.st_mode)) {
        sim_die(SIM_EXIT_USAGE, "the package '%s' is not a file", path);
    }
    uint64_t size = (uint64_t)status.st_size;
    uint64_t frames = size / PAGE_SIZE + (size % PAGE_SIZE != 0);
    uint64_t memory_frames = memory / PAGE_SIZE;
    if (frames >= memory_frames) {
        sim_die(SIM_EXIT_USAGE, "the package '%s' (%llu bytes) fills the memory (%llu bytes)", path,
                (unsigned long long)size, (unsigned long long)memory);
    }
    boot->package_frame = (uint32_t)(memory_frames - frames);
    boot->package_size = size;
    boot->ranges[0].count = boot->package_frame;
    uint8_t *to = hal_frames + (uint64_t)boot->package_frame * PAGE_SIZE;
    if (fread(to, 1, size, file) != size) {
        sim_die(SIM_EXIT_USAGE, "the package '%s' ended while it was read", path);
    }
    fclose(file);
}

int main(int count, char **arguments)
{
    struct options options = options_decode(count, arguments);
    struct boot boot = {.kernel_enter = SIM_GATE, .range_count = 1};

    for (uint32_t i = 0; i < SIM_EXPORT_COUNT; i++) {
        const char *path = options.exports[i];
        if (path != NULL && !sim_export_open(i, path)) {
            sim_die(SIM_EXIT_USAGE, "can't write the log '%s': %s", path, strerror(errno));
        }
    }
    sim_memory_init(options.memory);
    boot.ranges[0] = (struct frame_range){0, (uint32_t)(options.memory / PAGE_SIZE)};
    if (options.package != NULL) {
        package_load(options.package, options.memory, &boot);
    }
    sim_time_init(options.seed);
    sim_smp_init((uint32_t)options.cpus);
    if (options.is_live && options.far < 0) {
        sim_die(SIM_EXIT_USAGE, "--live is for somebody who sits at a port: --far is missing");
    }
    if (options.is_live) {
        sim_clock_live();
    }
    boot.boot_id = sim_draw(SIM_STREAM_ENTROPY);
    boot.flags = sim_draw(SIM_STREAM_ENTROPY) << BOOT_SEED_SHIFT;
    boot.secret[0] = sim_draw(SIM_STREAM_ENTROPY);
    boot.secret[1] = sim_draw(SIM_STREAM_ENTROPY);
    boot.now_ns = sim_clock_read();
    sim_fault_init();
    const char *refusal =
        package_refusal(hal_frames + (uint64_t)boot.package_frame * PAGE_SIZE, boot.package_size);
    if (refusal != NULL) {
        hal_console_write(refusal, (uint32_t)strlen(refusal));
        hal_halt(1);
    }
    sim_chaos_init(&options.chaos);
    sim_devices_init(options.is_live);
    sim_far_init(options.far, options.is_live);
    sim_loop(kernel_boot(&boot), options.trace_entries, options.is_live);
}

static_assert(SIM_THREADS_MAX >= (int)BOOT_THREADS_MAX && SIM_SPACES_MAX >= (int)BOOT_SPACES_MAX,
              "there are arrays for what the kernel makes by itself");
