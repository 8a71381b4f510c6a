// SPDX-License-Identifier: Apache-2.0
//
// The one program of a Linux machine that tests/bench/linux.py boots: measures what Linux's
// counterparts of our basic operations cost, and prints a line for each, as programs/measure does:
//
//     measure: NAME VALUE ps
//
// The clock is the time stamp counter, which under -icount shift=0 counts instructions. Each
// operation is run n and then 2n times, and the difference is n operations. Started with an
// argument it is the program that `spawn_elf` starts, and ends at once.
//
// The names are those of the counterparts in tests/bench/instructions.py. A message has 32 bytes,
// as there; a descriptor that is handed over is closed by who had it, as a capability is moved; who
// wakes a thread then sleeps; memory is mapped, touched and given back.
#define _GNU_SOURCE
#include <linux/futex.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    WARM_RUNS = 16,
    MESSAGE = 32, // bytes of a round trip
    PAGES = 64,   // of one run of the operation that touches pages
    PAGE = 4096,
    STACK = 65536,
    THOUSANDTHS = 1000,
};

struct operation {
    const char *name;
    void (*run)(void);
    uint32_t runs;
    uint32_t count; // of operations in one run
};

// What the other sides of round trips use. Both ends of a socket, or of two pipes.
static int to_peer[2];
static int from_peer[2];
static int rights[2];
static int passed;
static uint32_t words[2];

static void must(int is_so, const char *what)
{
    if (!is_so) {
        perror(what);
        _exit(1); // the kernel then panics, and the machine ends
    }
}

static uint64_t instructions(void)
{
    return __builtin_ia32_rdtsc();
}

static void operation_nothing(void)
{
    __asm__ volatile("" : : : "memory");
}

static void operation_getppid(void)
{
    must(syscall(SYS_getppid) == 0, "getppid");
}

static void pipe_pass(int from, int to)
{
    char message[MESSAGE];
    must(read(from, message, sizeof(message)) == sizeof(message), "read");
    must(write(to, message, sizeof(message)) == sizeof(message), "write");
}

static void operation_pipe(void)
{
    char message[MESSAGE] = {0};
    must(write(to_peer[1], message, sizeof(message)) == sizeof(message), "write");
    must(read(from_peer[0], message, sizeof(message)) == sizeof(message), "read");
}

// A message with a descriptor in it: sends it, or receives one and returns it.
static int rights_move(int socket, int sent)
{
    char message[MESSAGE] = {0};
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {.header = {.cmsg_len = CMSG_LEN(sizeof(int)),
                            .cmsg_level = SOL_SOCKET,
                            .cmsg_type = SCM_RIGHTS}};
    struct iovec part = {.iov_base = message, .iov_len = sizeof(message)};
    struct msghdr header = {.msg_iov = &part,
                            .msg_iovlen = 1,
                            .msg_control = control.bytes,
                            .msg_controllen = sizeof(control.bytes)};
    if (sent >= 0) {
        memcpy(CMSG_DATA(&control.header), &sent, sizeof(sent));
        must(sendmsg(socket, &header, 0) == sizeof(message), "sendmsg");
        must(close(sent) == 0, "close"); // it is moved, as our capability is
        return -1;
    }
    must(recvmsg(socket, &header, 0) == sizeof(message), "recvmsg");
    must(header.msg_controllen != 0, "no descriptor came");
    memcpy(&sent, CMSG_DATA(&control.header), sizeof(sent));
    return sent;
}

static void operation_rights(void)
{
    rights_move(rights[0], passed);
    passed = rights_move(rights[0], -1);
}

static void futex_pass(uint32_t own)
{
    // The other one's word is set and its thread woken; then this one's is waited for.
    __atomic_store_n(&words[!own], 1, __ATOMIC_SEQ_CST);
    must(syscall(SYS_futex, &words[!own], FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0) >= 0, "wake");
    while (!__atomic_load_n(&words[own], __ATOMIC_SEQ_CST)) {
        syscall(SYS_futex, &words[own], FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
    }
    __atomic_store_n(&words[own], 0, __ATOMIC_SEQ_CST);
}

static void operation_futex(void)
{
    futex_pass(0);
}

static _Noreturn int futex_thread(void *argument)
{
    (void)argument;
    while (!__atomic_load_n(&words[1], __ATOMIC_SEQ_CST)) {
        syscall(SYS_futex, &words[1], FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
    }
    __atomic_store_n(&words[1], 0, __ATOMIC_SEQ_CST);
    for (;;) {
        futex_pass(1);
    }
}

static void child_wait(pid_t child)
{
    int status;
    must(waitpid(child, &status, 0) == child && status == 0, "waitpid");
}

static void operation_exit(void)
{
    pid_t child = vfork();
    if (child == 0) {
        _exit(0);
    }
    must(child > 0, "vfork");
    child_wait(child);
}

static void operation_exec(void)
{
    pid_t child = vfork();
    if (child == 0) {
        execl("/init", "/init", "end", (char *)NULL);
        _exit(1);
    }
    must(child > 0, "vfork");
    child_wait(child);
}

static void operation_pages(void)
{
    char *memory = mmap(NULL, (size_t)PAGES * PAGE, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    must(memory != MAP_FAILED, "mmap");
    for (int i = 0; i < PAGES; i++) {
        *(volatile char *)(memory + (size_t)i * PAGE) = 1;
    }
    must(munmap(memory, (size_t)PAGES * PAGE) == 0, "munmap");
}

static uint64_t run_many(const struct operation *operation, uint32_t runs)
{
    uint64_t begin = instructions();
    for (uint32_t i = 0; i < runs; i++) {
        operation->run();
    }
    return instructions() - begin;
}

// Thousandths of an instruction for one run.
static uint64_t run_measure(const struct operation *operation)
{
    run_many(operation, WARM_RUNS);
    uint64_t once = run_many(operation, operation->runs);
    uint64_t twice = run_many(operation, 2 * operation->runs);
    return twice > once ? (twice - once) * THOUSANDTHS / operation->runs : 0;
}

// Two processes and a thread that answer, for as long as the machine runs.
static void peers_start(void)
{
    must(pipe(to_peer) == 0 && pipe(from_peer) == 0, "pipe");
    must(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, rights) == 0, "socketpair");
    pid_t child = fork();
    must(child >= 0, "fork");
    while (child == 0) {
        pipe_pass(to_peer[0], from_peer[1]);
    }
    child = fork();
    must(child >= 0, "fork");
    while (child == 0) {
        rights_move(rights[1], rights_move(rights[1], -1));
    }
    passed = dup(0);
    static char stack[STACK] __attribute__((aligned(16)));
    must(clone(futex_thread, stack + sizeof(stack),
               CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD, NULL) > 0,
         "clone");
}

static void measure_all(void)
{
    static const struct operation operations[] = {
        {"enter", operation_getppid, 2000, 1},
        {"ping_pong_32", operation_pipe, 2000, 1},
        {"capability_round_trip", operation_rights, 2000, 1},
        {"signal_to_waiter", operation_futex, 2000, 2},
        {"process", operation_exit, 200, 1},
        {"spawn_elf", operation_exec, 100, 1},
        {"fresh_page", operation_pages, 50, PAGES},
    };
    uint64_t nothing = run_measure(&(struct operation){"", operation_nothing, 2000, 1});
    for (uint32_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
        uint64_t value = run_measure(&operations[i]);
        value = (value > nothing ? value - nothing : 0) / operations[i].count;
        printf("measure: %s %llu ps\n", operations[i].name, (unsigned long long)value);
    }
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1) {
        return 0;
    }
    uint64_t boot = instructions(); // since the machine was switched on
    struct utsname name;
    must(uname(&name) == 0, "uname");
    printf("linux: %s %s\n", name.release, name.version);
    printf("measure: power_on_to_program %llu ps\n", (unsigned long long)boot * THOUSANDTHS);
    peers_start();
    measure_all();
    printf("linux: all measured\n");
    fflush(stdout);
    must(reboot(RB_POWER_OFF) == 0, "reboot");
    return 1;
}
