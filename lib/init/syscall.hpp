// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace insula::init {

/// One system call, without libc: no errno, no cancellation point. Returns >= 0 or -errno.
[[gnu::always_inline]] inline long system_call(long number, long a = 0, long b = 0, long c = 0,
                                               long d = 0, long e = 0, long f = 0) noexcept {
#if defined(__x86_64__)
    long result;
    register const long r10 __asm__("r10") = d;
    register const long r8 __asm__("r8") = e;
    register const long r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
#elif defined(__aarch64__)
    register const long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register const long x1 __asm__("x1") = b;
    register const long x2 __asm__("x2") = c;
    register const long x3 __asm__("x3") = d;
    register const long x4 __asm__("x4") = e;
    register const long x5 __asm__("x5") = f;
    __asm__ volatile("svc 0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory");
    return x0;
#else
#error "insula knows the system call convention of x86-64 and aarch64 only"
#endif
}

}  // namespace insula::init
