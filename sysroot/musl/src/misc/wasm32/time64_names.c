/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Second names of the functions with a time in them. Rust's libc crate has
 * 64-bit time on 32-bit musl only together with the names that musl gives them
 * on machines that also have a 32-bit time; ours has no other.
 */
#define _GNU_SOURCE
#include <aio.h>
#include <dlfcn.h>
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <time.h>
#include <utime.h>

#define NAME1(R, new, old, A) \
	R new(A a) { return old(a); }
#define NAME2(R, new, old, A, B) \
	R new(A a, B b) { return old(a, b); }
#define NAME3(R, new, old, A, B, C) \
	R new(A a, B b, C c) { return old(a, b, c); }
#define NAME4(R, new, old, A, B, C, D) \
	R new(A a, B b, C c, D d) { return old(a, b, c, d); }
#define NAME5(R, new, old, A, B, C, D, E) \
	R new(A a, B b, C c, D d, E e) { return old(a, b, c, d, e); }
#define NAME6(R, new, old, A, B, C, D, E, F) \
	R new(A a, B b, C c, D d, E e, F f) { return old(a, b, c, d, e, f); }

typedef const struct timespec *cts;
typedef const struct timeval *ctv;

NAME1(time_t, __time64, time, time_t *)
NAME1(time_t, __mktime64, mktime, struct tm *)
NAME1(time_t, __timegm_time64, timegm, struct tm *)
NAME1(struct tm *, __gmtime64, gmtime, const time_t *)
NAME1(struct tm *, __localtime64, localtime, const time_t *)
NAME1(char *, __ctime64, ctime, const time_t *)
NAME2(struct tm *, __gmtime64_r, gmtime_r, const time_t *, struct tm *)
NAME2(struct tm *, __localtime64_r, localtime_r, const time_t *, struct tm *)
NAME2(char *, __ctime64_r, ctime_r, const time_t *, char *)
NAME2(double, __difftime64, difftime, time_t, time_t)

NAME2(int, __clock_getres_time64, clock_getres, clockid_t, struct timespec *)
NAME2(int, __clock_gettime64, clock_gettime, clockid_t, struct timespec *)
NAME2(int, __clock_settime64, clock_settime, clockid_t, cts)
NAME2(int, __clock_adjtime64, clock_adjtime, clockid_t, struct timex *)
NAME4(int, __clock_nanosleep_time64, clock_nanosleep, clockid_t, int, cts, struct timespec *)
NAME2(int, __nanosleep_time64, nanosleep, cts, struct timespec *)
NAME2(int, __gettimeofday_time64, gettimeofday, struct timeval *, void *)
NAME2(int, __settimeofday_time64, settimeofday, ctv, const struct timezone *)
NAME2(int, __adjtime64, adjtime, ctv, struct timeval *)
NAME1(int, __adjtimex_time64, adjtimex, struct timex *)

NAME2(int, __getitimer_time64, getitimer, int, struct itimerval *)
NAME3(int, __setitimer_time64, setitimer, int, const struct itimerval *, struct itimerval *)
NAME2(int, __timer_gettime64, timer_gettime, timer_t, struct itimerspec *)
NAME4(int, __timer_settime64, timer_settime, timer_t, int, const struct itimerspec *, struct itimerspec *)
NAME2(int, __timerfd_gettime64, timerfd_gettime, int, struct itimerspec *)
NAME4(int, __timerfd_settime64, timerfd_settime, int, int, const struct itimerspec *, struct itimerspec *)

NAME2(int, __stat_time64, stat, const char *, struct stat *)
NAME2(int, __lstat_time64, lstat, const char *, struct stat *)
NAME2(int, __fstat_time64, fstat, int, struct stat *)
NAME4(int, __fstatat_time64, fstatat, int, const char *, struct stat *, int)
NAME2(int, __futimens_time64, futimens, int, cts)
NAME2(int, __futimes_time64, futimes, int, ctv)
NAME2(int, __lutimes_time64, lutimes, const char *, ctv)
NAME2(int, __utime64, utime, const char *, const struct utimbuf *)
NAME2(int, __utimes_time64, utimes, const char *, ctv)
NAME4(int, __utimensat_time64, utimensat, int, const char *, cts, int)

NAME4(int, __ppoll_time64, ppoll, struct pollfd *, nfds_t, cts, const sigset_t *)
NAME5(int, __select_time64, select, int, fd_set *, fd_set *, fd_set *, struct timeval *)
NAME6(int, __pselect_time64, pselect, int, fd_set *, fd_set *, fd_set *, cts, const sigset_t *)
NAME5(int, __recvmmsg_time64, recvmmsg, int, struct mmsghdr *, unsigned, unsigned, struct timespec *)
NAME3(int, __sigtimedwait_time64, sigtimedwait, const sigset_t *, siginfo_t *, cts)
NAME3(int, __aio_suspend_time64, aio_suspend, const struct aiocb *const *, int, cts)
NAME5(ssize_t, __mq_timedreceive_time64, mq_timedreceive, mqd_t, char *, size_t, unsigned *, cts)
NAME5(int, __mq_timedsend_time64, mq_timedsend, mqd_t, const char *, size_t, unsigned, cts)

NAME2(int, __sem_timedwait_time64, sem_timedwait, sem_t *, cts)
NAME2(int, __pthread_mutex_timedlock_time64, pthread_mutex_timedlock, pthread_mutex_t *, cts)
NAME3(int, __pthread_cond_timedwait_time64, pthread_cond_timedwait, pthread_cond_t *, pthread_mutex_t *, cts)
NAME3(int, __pthread_timedjoin_np_time64, pthread_timedjoin_np, pthread_t, void **, cts)
NAME2(int, __sched_rr_get_interval_time64, sched_rr_get_interval, pid_t, struct timespec *)

NAME2(int, __getrusage_time64, getrusage, int, struct rusage *)
NAME4(pid_t, __wait4_time64, wait4, pid_t, int *, int, struct rusage *)
NAME2(void *, __dlsym_time64, dlsym, void *, const char *)
