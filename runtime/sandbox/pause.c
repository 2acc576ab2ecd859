/* Holds a network namespace until it is killed. No libc: it is the whole image. */
#include <asm/unistd.h>

static long wait_for_ever(void) {
#if defined(__x86_64__)
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(__NR_ppoll), "D"(0), "S"(0), "d"(0) : "rcx", "r11", "memory");
    return result;
#elif defined(__aarch64__)
    register long number __asm__("x8") = __NR_ppoll;
    register long a0 __asm__("x0") = 0;
    register long a1 __asm__("x1") = 0;
    register long a2 __asm__("x2") = 0;
    register long a3 __asm__("x3") = 0;
    __asm__ volatile("svc 0" : "+r"(a0) : "r"(number), "r"(a1), "r"(a2), "r"(a3) : "memory");
    return a0;
#else
#error "the sandbox program knows x86-64 and arm64"
#endif
}

// NOLINTNEXTLINE(bugprone-reserved-identifier): the name that the linker starts a program at
__attribute__((noreturn, used)) void _start(void) {
    for (;;) wait_for_ever();
}
