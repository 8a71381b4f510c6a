// SPDX-License-Identifier: Apache-2.0
//
// From the first C function to the loop: asks what the loader left (loader.c), what the command
// line wants (command.c) and what the firmware knows (acpi.c), prepares the machine and boots the
// kernel. All of that is read before any memory is written but the image's own.
#include "abi/start.h"
#include "hal/x86_64/loader.h"
#include "hal/x86_64/x86.h"
#include "lib/package/package.h"

enum { EXIT_REFUSED = 1 };

_Noreturn void boot_refuse(const char *reason, const char *detail)
{
    console_text("x86_64: cannot boot: ");
    console_text(reason);
    console_text(detail);
    console_text("\n");
    hal_halt(EXIT_REFUSED);
}

// Among those that start.S has mapped.
static struct frame_range *ranges_largest(struct ranges *ranges)
{
    struct frame_range *largest = NULL;

    for (uint32_t i = 0; i < ranges->count; i++) {
        struct frame_range *range = &ranges->all[i];
        if (range->first + range->count <= START_FRAME_HIGHEST &&
            (largest == NULL || range->count > largest->count)) {
            largest = range;
        }
    }
    if (largest == NULL) {
        boot_refuse("there is no free memory in the first 4 GiB", "");
    }
    return largest;
}

// A package that doesn't start at a frame is copied to the end of the last range that has room.
static uint32_t package_place(const struct loaded *loaded, struct boot *boot)
{
    uint32_t count = (uint32_t)frames_up(loaded->package_size);

    if (loaded->package % PAGE_SIZE == 0) {
        return (uint32_t)(loaded->package / PAGE_SIZE);
    }
    for (uint32_t i = boot->range_count; i > 0; i--) {
        struct frame_range *range = &boot->ranges[i - 1];
        if (range->count > count) {
            range->count -= count;
            uint32_t first = range->first + range->count;
            memcpy(hal_frames + (uint64_t)first * PAGE_SIZE, hal_frames + loaded->package,
                   loaded->package_size);
            return first;
        }
    }
    boot_refuse("there is no room to align the boot package", "");
}

static void memory_prepare(const struct loaded *loaded, const struct acpi *acpi, enum ending ending,
                           struct boot *boot)
{
    static struct ranges free; // too large for a stack to be careless with

    free = loaded->ram;
    ranges_remove(&free, loaded->package / PAGE_SIZE,
                  frames_up(loaded->package + loaded->package_size));
    memory_init(loaded->ram.all, loaded->ram.count, ranges_largest(&free));
    power_init(acpi, ending);
    device_map(acpi);

    boot->range_count = free.count;
    memcpy(boot->ranges, free.all, sizeof(free.all));
    boot->package_size = loaded->package_size;
    boot->package_frame = package_place(loaded, boot);
}

// --- The boot log -------------------------------------------------------------------------------

static void log_machine(const struct loaded *loaded, const struct acpi *acpi)
{
    console_text("x86_64: booted by ");
    console_text(loaded->loader);
    console_text("; ");
    if (acpi->cpu_count > 1) {
        console_decimal(acpi->cpu_count);
        console_text(" CPUs found\n");
    } else {
        console_text(acpi->cpu_count == 1 ? "1 CPU found\n"
                                          : "CPUs unknown without ACPI's MADT, one is used\n");
    }
    if (!power_can_turn_off(acpi)) {
        console_text("x86_64: this machine can't be switched off: ");
        console_text(acpi->has_tables ? "ACPI says not how\n" : "there is no ACPI\n");
    }
    if (acpi->tables_bad != 0) {
        console_text("x86_64: ACPI tables that are broken or out of reach: ");
        console_decimal(acpi->tables_bad);
        console_text("\n");
    }
}

static void log_memory(const struct boot *boot, const char *boot_id_source)
{
    uint64_t frames = 0;

    for (uint32_t i = 0; i < boot->range_count; i++) {
        frames += boot->ranges[i].count;
    }
    console_text("x86_64: memory ");
    console_decimal(frames * PAGE_SIZE >> 10);
    console_text(" KiB free, boot id from ");
    console_text(boot_id_source);
    console_text("\n");
}

static void log_details(const struct loaded *loaded, const struct boot *boot)
{
    console_text("x86_64: command line: ");
    console_text(loaded->command_line);
    console_text("\n");
    for (uint32_t i = 0; i < boot->range_count; i++) {
        console_text("x86_64: free frames ");
        console_decimal(boot->ranges[i].first);
        console_text(" to ");
        console_decimal((uint64_t)boot->ranges[i].first + boot->ranges[i].count - 1);
        console_text("\n");
    }
}

// --- Boot ---------------------------------------------------------------------------------------

static void command_read(const struct loaded *loaded, struct command *command)
{
    static struct command_fault fault;

    if (!command_decode(loaded->command_line, command, &fault)) {
        boot_refuse("command line: ", fault.text);
    }
    console_level_set(command->log);
}

_Noreturn void boot_start(uint64_t info, uint32_t loader, uint32_t magic)
{
    static struct boot boot;
    static struct loaded loaded;
    static struct acpi acpi;
    static struct command command;

    console_init();
    if (loader == LOADER_MULTIBOOT) {
        console_text("\n"); // GRUB leaves its last line open
    }
    cpu_tables_init(&cpus[0]);
    cpu_features_find();
    cpu_features_use();
    loader_read(loader, magic, info, &loaded);
    command_read(&loaded, &command);
    acpi_read(loaded.rsdp, &acpi);
    memory_prepare(&loaded, &acpi, command.ending, &boot);
    time_init();
    device_init(&acpi);

    const char *source;
    boot.boot_id = cpu_random(&source);
    boot.flags = (command.seed != 0 ? command.seed : cpu_random(&source)) << BOOT_SEED_SHIFT;
    boot.secret[0] = cpu_random(&source);
    boot.secret[1] = cpu_random(&source);
    boot.now_ns = time_now_ns();
    boot.flags |= command.flags;
    memcpy(boot.sizes, command.sizes, sizeof(boot.sizes));
    if (console_shows(LOG_NORMAL)) {
        log_machine(&loaded, &acpi);
        cpu_features_log();
        thread_methods_log();
        time_log();
        device_log();
        log_memory(&boot, source);
    }
    if (console_shows(LOG_VERBOSE)) {
        log_details(&loaded, &boot);
    }
    const char *refusal =
        package_refusal(hal_frames + (uint64_t)boot.package_frame * PAGE_SIZE, boot.package_size);
    if (refusal != NULL) {
        console_text(refusal);
        hal_halt(1);
    }
    struct cpu *cpu = cpu_current();
    cpu->input.now_ns = boot.now_ns; // for what the kernel arms while it boots
    cpu->kernel = kernel_boot(&boot);
    smp_start(&acpi, cpu->kernel);
    entry_run(loop_start());
}

static_assert(THREADS_MAX >= (int)BOOT_THREADS_MAX && SPACES_MAX >= (int)BOOT_SPACES_MAX,
              "there are arrays for what the kernel makes by itself");
