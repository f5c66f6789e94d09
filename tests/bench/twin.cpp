// SPDX-License-Identifier: Apache-2.0
#include "twin.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "fixture.hpp"

namespace insula::bench {

Twin::Twin(const std::function<void()>& prepare, const std::function<double()>& run) {
    if (::pipe2(requests_, O_CLOEXEC) != 0 || ::pipe2(answers_, O_CLOEXEC) != 0)
        give_up("cannot make a pipe");
    pid_ = ::fork();
    if (pid_ < 0) give_up("cannot fork");
    if (pid_ == 0) serve(prepare, run);
    ::close(requests_[0]);
    ::close(answers_[1]);
}

Twin::~Twin() {
    ::close(requests_[1]);
    ::close(answers_[0]);
    ::waitpid(pid_, nullptr, 0);
}

double Twin::run() const {
    const char go = 'g';
    double time = 0;
    if (::write(requests_[1], &go, 1) != 1 ||
        ::read(answers_[0], &time, sizeof time) != static_cast<ssize_t>(sizeof time))
        give_up("a twin process ended");
    return time;
}

void Twin::serve(const std::function<void()>& prepare, const std::function<double()>& run) const {
    ::close(requests_[1]);
    ::close(answers_[0]);
    std::_Exit(run_benchmark([&] {
        prepare();
        char go = 0;
        while (::read(requests_[0], &go, 1) == 1) {
            const double time = run();
            if (::write(answers_[1], &time, sizeof time) != static_cast<ssize_t>(sizeof time))
                break;
        }
    }));
}

}  // namespace insula::bench
