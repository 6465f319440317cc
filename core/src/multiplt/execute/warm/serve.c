/* The loop of a warm server (multiplt.execute.warm): for every command of every program that comes over the control
 * socket it forks a child and returns in the child alone, which then is an interpreter with everything loaded, in the
 * program's folder, with the descriptors and limits of a program that was started for itself.
 *
 * A request is the byte R with four descriptors (the program's 0 to 3), a `struct request` and the files. The answer
 * comes when all that the program started is gone and its files are wiped; the byte K asks to kill it before.
 *
 * Guests have the server's user, so the server is made out of their reach: it is process 1 of its namespace and ignores
 * what is at its default there (signal(7)), it is not dumpable (no ptrace, no /proc/1/mem), its threads cannot be
 * signalled, and limits, priority and cores that a guest set for it end it; then a new one is started. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { GIVEN = 4, CHANNEL = 3, LIMITS = 5, SIGNALS = 65, DESCRIPTORS = 1024, TROUBLE = 71, COLLAPSE = 25 };
static const int RESOURCES[LIMITS] = {RLIMIT_CPU, RLIMIT_AS, RLIMIT_FSIZE, RLIMIT_NOFILE, RLIMIT_NPROC};
struct request { uint64_t size, checks, files, fast, limits[LIMITS]; }; /* size: bytes of what follows, the files */
struct file { uint64_t path, data; };                            /* bytes of what follows, the path with its 0 */
struct answer { int64_t status, failed_check, cpu_us; };
struct settings { struct rlimit limits[RLIM_NLIMITS]; cpu_set_t cores; int nice, policy; };

static int control;
static struct held { enum { OTHER, MEMORY, EVENT, LOOP, PIPE, COPY } kind; int flags, of; ino_t node; } held[DESCRIPTORS];
static int held_end = GIVEN; /* above all that are held */
static struct sigaction handlers[SIGNALS];
static sigset_t blocked;

static void must(int well) { if (!well) _exit(TROUBLE); }

/* The request. */

static void *take(size_t size) {
    char *data = calloc(size + 1, 1);
    must(data != NULL);
    for (size_t done = 0; done < size;) {
        ssize_t got = read(control, data + done, size - done);
        must(got > 0);
        done += got;
    }
    return data;
}

static void take_descriptors(int *given) {
    for (char word = 'K'; word != 'R';) { /* a K may come late, after its program has ended */
        union { struct cmsghdr head; char room[CMSG_SPACE(GIVEN * sizeof(int))]; } extra;
        struct iovec place = {&word, 1};
        struct msghdr message = {.msg_iov = &place, .msg_iovlen = 1, .msg_control = &extra, .msg_controllen = sizeof extra};
        must(recvmsg(control, &message, MSG_CMSG_CLOEXEC) == 1);
        must(word == 'K' || (message.msg_controllen && extra.head.cmsg_len == CMSG_LEN(GIVEN * sizeof(int))));
        memcpy(given, CMSG_DATA(&extra.head), GIVEN * sizeof(int));
    }
}

static void write_file(const char *path, const char *data, size_t size) {
    const int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    must(file >= 0 && write(file, data, size) == (ssize_t)size && !close(file));
}

static void take_files(const struct request *request) {
    char *all = take(request->size), *at = all;
    for (uint64_t number = 0; number < request->files; number++) {
        struct file size;
        memcpy(&size, at, sizeof size);
        char *path = at + sizeof size, *data = path + size.path;
        for (char *slash = path; (slash = strchr(slash, '/')); *slash++ = '/') *slash = 0, mkdir(path, 0755);
        write_file(path, data, size.data);
        at = data + size.data;
    }
    free(all);
}

/* What the server must find as it was. */

static void read_settings(struct settings *now) {
    memset(now, 0, sizeof *now);
    for (int resource = 0; resource < RLIM_NLIMITS; resource++) getrlimit(resource, &now->limits[resource]);
    sched_getaffinity(0, sizeof now->cores, &now->cores);
    now->nice = getpriority(PRIO_PROCESS, 0);
    now->policy = sched_getscheduler(0);
}

/* The interpreter's handlers would note a signal, and the next guest would inherit the note. */
static void ignore_signals(void) {
    struct sigaction initial = {.sa_handler = SIG_DFL};
    sigset_t none;
    for (int number = 1; number < SIGNALS; number++)
        if (!sigaction(number, NULL, &handlers[number])) sigaction(number, &initial, NULL);
    must(!sigemptyset(&none) && !sigprocmask(SIG_SETMASK, &none, &blocked));
}

static int allow(const char *path, const struct stat *status, int kind, struct FTW *place) {
    return (void)status, (void)place, (kind == FTW_D || kind == FTW_DNR) && chmod(path, 0755);
}

static int delete(const char *path, const struct stat *status, int kind, struct FTW *place) {
    return (void)status, kind == FTW_DNR || (place->level && remove(path));
}

static int empty(const char *folder) { return !nftw(folder, delete, 16, FTW_DEPTH | FTW_PHYS); }

static void wipe(const char *folder) {
    must(!chmod(folder, 0755) && (empty(folder) || (!nftw(folder, allow, 16, FTW_PHYS) && empty(folder))));
}

/* Memory in pages of 2 MiB makes a fork, and the end of a child, faster: there are fewer of them to count. */
static void use_huge_pages(void) {
    char line[512], access[8];
    FILE *maps = fopen("/proc/self/maps", "re");
    must(maps != NULL);
    while (fgets(line, sizeof line, maps)) {
        unsigned long start, end, inode;
        if (sscanf(line, "%lx-%lx %7s %*s %*s %lu", &start, &end, access, &inode) != 4) continue;
        if (!strcmp(access, "rw-p") && !inode) madvise((void *)start, end - start, COLLAPSE);
    }
    fclose(maps);
}

/* A guest's memory would lie in the holes between what the interpreter has loaded, each in a page to be copied first. */
static void fill_holes(void) {
#ifdef __GLIBC__
    const char *end = (char *)sbrk(0) - mallinfo().keepcost; /* mallinfo2 is newer than some systems */
    for (size_t chunk = 1 << 16; chunk >= 32; chunk = chunk > 1024 ? chunk / 2 : chunk - 16)
        for (const char *hole = NULL; hole < end;) must((hole = malloc(chunk - sizeof chunk)) != NULL);
#endif
}

/* The guest. */

/* What an interpreter has opened for itself; what a guest inherits of that it would share with later ones, so it gets
 * its own: memory (open to write machine code), event loops and what wakes them, pipes, copies of the standard streams. */
static void find_held(void) {
    for (int descriptor = GIVEN; descriptor < DESCRIPTORS; descriptor++) {
        struct held *it = &held[descriptor];
        struct stat status, standard;
        char link[64], target[64] = "";
        snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
        if (readlink(link, target, sizeof target - 1) < 0) continue;
        must((it->flags = fcntl(descriptor, F_GETFL)) >= 0 && !fstat(descriptor, &status));
        held_end = descriptor + 1;
        if (!strcmp(target, "/proc/1/mem")) it->kind = MEMORY;
        if (!strcmp(target, "anon_inode:[eventfd]")) it->kind = EVENT;
        if (!strcmp(target, "anon_inode:[eventpoll]")) it->kind = LOOP;
        if (!S_ISFIFO(status.st_mode)) continue;
        it->kind = PIPE, it->node = status.st_ino;
        for (int number = 0; number < CHANNEL; number++)
            if (!fstat(number, &standard) && standard.st_ino == it->node) it->kind = COPY, it->of = number;
    }
}

static void put(int own, int descriptor) {
    must(own >= 0 && dup3(own, descriptor, O_CLOEXEC) >= 0 && !close(own));
}

/* With what is in it. A pipe whose other end is elsewhere is cut off. */
static void renew_pipe(ino_t node) {
    int ends[2], left = 1;
    must(!pipe2(ends, O_CLOEXEC));
    for (int descriptor = GIVEN; descriptor < held_end; descriptor++) {
        struct held *it = &held[descriptor];
        if (it->kind != PIPE || it->node != node) continue;
        const int writes = (it->flags & O_ACCMODE) == O_WRONLY;
        if (!writes && left) tee(descriptor, ends[1], 1 << 16, SPLICE_F_NONBLOCK), left = 0;
        it->kind = OTHER;
        must(!fcntl(ends[writes], F_SETFL, it->flags) && dup3(ends[writes], descriptor, O_CLOEXEC) >= 0);
    }
    close(ends[0]), close(ends[1]);
}

static void renew_loop(int descriptor) {
    char path[64], line[256];
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", descriptor);
    FILE *watched = fopen(path, "re");
    const int own = epoll_create1(EPOLL_CLOEXEC);
    must(watched && own >= 0);
    while (fgets(line, sizeof line, watched)) {
        int target;
        unsigned events;
        unsigned long long data;
        if (sscanf(line, "tfd: %d events: %x data: %llx", &target, &events, &data) != 3) continue;
        struct epoll_event event = {events, {.u64 = data}};
        epoll_ctl(own, EPOLL_CTL_ADD, target, &event);
    }
    fclose(watched), put(own, descriptor);
}

static void renew_held(void) {
    for (int descriptor = GIVEN; descriptor < held_end; descriptor++) {
        const struct held *it = &held[descriptor];
        struct pollfd waker = {descriptor, POLLIN, 0};
        if (it->kind == MEMORY) put(open("/proc/self/mem", O_RDWR | O_CLOEXEC), descriptor);
        if (it->kind == EVENT) put(eventfd(poll(&waker, 1, 0), it->flags & O_NONBLOCK), descriptor);
        if (it->kind == COPY) must(!fcntl(it->of, F_SETFL, it->flags)), put(dup(it->of), descriptor);
        if (it->kind == PIPE) renew_pipe(it->node);
    }
    for (int descriptor = GIVEN; descriptor < held_end; descriptor++)
        if (held[descriptor].kind == LOOP) renew_loop(descriptor);
}

static int newest_thread(void) {
    int newest = 0;
    DIR *threads = opendir("/proc/self/task");
    must(threads != NULL);
    for (struct dirent *thread; (thread = readdir(threads));) if (atoi(thread->d_name) > newest) newest = atoi(thread->d_name);
    return closedir(threads), newest;
}

/* No signal to a thread of the server, whose ids are below those of all guests. */
static void shield_threads(void) {
    const uint32_t number = offsetof(struct seccomp_data, nr), id = offsetof(struct seccomp_data, args);
    struct sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, number),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_tgkill, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_tkill, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_rt_tgsigqueueinfo, 0, 2),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, id),
        BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, newest_thread(), 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
    };
    struct sock_fprog filter = {sizeof rules / sizeof *rules, rules};
    must(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) && !prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter));
}

/* A guest exits as any program does, but for what the interpreter's libraries do at the end: that takes longer than a
 * small program. What it has registered itself comes before this. */
static void leave(int status, void *nothing) { (void)nothing, fflush(NULL), _exit(status); }

static void become_guest(const struct request *request, const int *given, uint64_t command) {
    setsid();
    must(!prctl(PR_SET_PDEATHSIG, SIGKILL) && !prctl(PR_SET_DUMPABLE, 1) && getppid() == 1);
    for (int number = 0; number < GIVEN; number++) must(dup2(given[number], number) == number && !close(given[number]));
    close(control);
    renew_held();
    if (command < request->checks) { /* it gets neither the nonce nor the channel */
        char name[24];
        int nothing = open("/dev/null", O_RDONLY);
        snprintf(name, sizeof name, "%d", (int)command);
        must(nothing >= 0 && dup2(nothing, 0) == 0 && !close(nothing) && !close(CHANNEL) && !setenv("MULTIPLT_CHECK", name, 1));
    }
    must(!request->fast || !setenv("MULTIPLT_FAST", "1", 1));
    for (int limit = 0; limit < LIMITS; limit++) {
        struct rlimit value = {request->limits[limit], request->limits[limit] + (RESOURCES[limit] == RLIMIT_CPU)};
        must(!setrlimit(RESOURCES[limit], &value));
    }
    for (int number = 1; number < SIGNALS; number++)
        if (handlers[number].sa_handler != SIG_DFL) sigaction(number, &handlers[number], NULL);
    sigprocmask(SIG_SETMASK, &blocked, NULL);
#ifdef __GLIBC__
    must(!on_exit(leave, NULL));
#endif
}

/* Waits for a command's end, or for a K (true), and ends all that it started. */
static int end_guest(pid_t guest, struct answer *answer) {
    struct pollfd watched[2] = {{syscall(SYS_pidfd_open, guest, 0), POLLIN, 0}, {control, POLLIN, 0}};
    while (poll(watched, 2, -1) < 0) must(errno == EINTR);
    const int killed = !watched[0].revents;
    if (killed) free(take(1));
    kill(guest, SIGKILL), kill(-1, SIGKILL), close(watched[0].fd);
    struct rusage used;
    for (int status, ended; (ended = wait4(-1, &status, __WALL, &used)) > 0 || errno == EINTR;) {
        if (ended == guest) answer->status = status;
        answer->cpu_us += (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000LL + used.ru_utime.tv_usec + used.ru_stime.tv_usec;
    }
    return killed;
}

/* For an interpreter that reads its script as it goes: makes the script that it has read to the end go on in another
 * file. Called with the paths of both, each in an array of one. */
void multiplt_go_on(char **script, char **other) {
    for (int descriptor = GIVEN; descriptor < DESCRIPTORS; descriptor++) {
        char link[64], target[256] = "";
        snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
        if (readlink(link, target, sizeof target - 1) < 0 || strcmp(target, *script)) continue;
        int file = open(*other, O_RDONLY | O_CLOEXEC);
        must(file >= 0 && dup3(file, descriptor, O_CLOEXEC) >= 0 && !close(file));
        return;
    }
}

/* For an interpreter that takes its time to end: ends a child at once, as a program that did well. */
void multiplt_leave(void) { exit(0); }

/* Serves until the control socket, whose number is in MULTIPLT_CONTROL, closes. Returns 1 in each child; where it is to
 * do a check instead of the program's run, MULTIPLT_CHECK is the check's number; MULTIPLT_FAST asks for the fast mode. */
long multiplt_serve(void) {
    const char *number = getenv("MULTIPLT_CONTROL");
    must(number && (control = atoi(number)) >= GIVEN && getpid() == 1);
    must(!unsetenv("MULTIPLT_CONTROL") && !unsetenv("MULTIPLT_SERVE") && !unsetenv("LD_BIND_NOW"));
    must(!prctl(PR_SET_DUMPABLE, 0) && !fcntl(control, F_SETFD, FD_CLOEXEC));
    struct settings settings, now;
    struct answer answer = {0, -1, 0}; /* the first says that the server is up */
    find_held(), ignore_signals(), fill_holes(), use_huge_pages(), shield_threads();
    for (read_settings(&settings);; must(!memcmp(&now, &settings, sizeof now))) {
        int given[GIVEN];
        must(write(control, &answer, sizeof answer) == sizeof answer);
        take_descriptors(given);
        struct request *request = take(sizeof *request);
        take_files(request);
        answer = (struct answer){0, -1, 0};
        int killed = 0;
        for (uint64_t command = 0; command <= request->checks && !killed && answer.failed_check < 0; command++) {
            const pid_t guest = fork();
            must(guest >= 0);
            if (!guest) return become_guest(request, given, command), 1;
            killed = end_guest(guest, &answer);
            if (command < request->checks && answer.status) answer.failed_check = command;
        }
        for (int place = 0; place < GIVEN; place++) close(given[place]);
        free(request);
        wipe("."), wipe("/dev/shm");
        read_settings(&now);
    }
}
