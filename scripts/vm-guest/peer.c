// Sends, receives and checks streams of known bytes, in the tests' machines and on their host:
//
//   peer send ADDRESS BYTES          writes the stream, and waits for the other side's end
//   peer receive ADDRESS BYTES       reads it, and ends with 1 at the first byte that is wrong, missing or too much
//   peer both ADDRESS BYTES          both at once
//   peer exchange ADDRESS BYTES      the same where the other side's end can't be seen: a port of a console
//   peer ask ADDRESS COUNT           sends a byte and waits for one, so many times: prints microseconds for one
//   peer answer ADDRESS              sends back what comes
//   peer first ADDRESS               waits for a byte: prints when it came, in microseconds since 1970
//   peer log ADDRESS                 prints each line that comes, and before it when it came, up to the stream's end
//   peer serve PORT                  in a guest: runs the shell scripts that come to this port, and
//                                    connects to port 1 of the host once, when it is ready
//   peer shell ADDRESS               has the script on standard input run there, and ends as it did
//
// ADDRESS: vsock:CID:PORT, vsock-listen:PORT, unix:PATH, unix-listen:PATH, unix:PATH:PORT (says CONNECT PORT first),
// tcp:IP:PORT, tcp-listen:PORT, file:PATH (synchronised at its end), direct:PATH (the same around the page cache).
// It prints bytes and MB a second.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <linux/vm_sockets.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CHUNK = 256 << 10 };
static int is_file, has_no_end;

static int accepted(int listener, const struct sockaddr *name, socklen_t size) {
    int on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (listener < 0 || bind(listener, name, size) || listen(listener, 1)) err(2, "listen");
    int one = accept(listener, NULL, NULL);
    if (one < 0) err(2, "accept");
    return one;
}

static int connected(int number, const struct sockaddr *name, socklen_t size) {
    // The other side may be starting.
    for (int i = 0; connect(number, name, size); i++) {
        if (i == 1000) err(2, "connect");
        usleep(20000);
    }
    return number;
}

static int vsock(unsigned context, unsigned port, int listens) {
    struct sockaddr_vm name = {.svm_family = AF_VSOCK, .svm_cid = listens ? VMADDR_CID_ANY : context, .svm_port = port};
    int number = socket(AF_VSOCK, SOCK_STREAM, 0);
    return (listens ? accepted : connected)(number, (void *)&name, sizeof name);
}

static int tcp(const char *address, int port, int listens) {
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = inet_addr(address)};
    int number = (listens ? accepted : connected)(socket(AF_INET, SOCK_STREAM, 0), (void *)&name, sizeof name), on = 1;
    setsockopt(number, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return number;
}

static int local(char *path, int listens) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    char *port = listens ? NULL : strchr(path, ':'), byte = 0;
    if (port) *port++ = 0;
    strncpy(name.sun_path, path, sizeof name.sun_path - 1);
    // The guest's program may not listen yet: the stream ends without a greeting then.
    for (int i = 0; i < 200; i++) {
        int number = (listens ? accepted : connected)(socket(AF_UNIX, SOCK_STREAM, 0), (void *)&name, sizeof name);
        if (!port) return number;
        dprintf(number, "CONNECT %s\n", port);
        while (read(number, &byte, 1) == 1)
            if (byte == '\n') return number;
        close(number);
        usleep(50000);
    }
    errx(2, "%s: refused", path);
}

static int opened(char *address, int writes) {
    char *rest = strchr(address, ':');
    if (!rest) errx(2, "%s: no address", address);
    *rest++ = 0;
    char *port = strrchr(rest, ':');
    if (!strcmp(address, "vsock-listen")) return vsock(0, atoi(rest), 1);
    if (!strcmp(address, "vsock") && port) return vsock(atoi(rest), atoi(port + 1), 0);
    if (!strcmp(address, "unix-listen")) return local(rest, 1);
    if (!strcmp(address, "unix")) return local(rest, 0);
    if (!strcmp(address, "tcp-listen")) return tcp("0.0.0.0", atoi(rest), 1);
    if (!strcmp(address, "tcp") && port) return *port = 0, tcp(rest, atoi(port + 1), 0);
    is_file = 1;
    int direct = strcmp(address, "direct") ? 0 : O_DIRECT;
    int number = open(rest, (has_no_end ? O_RDWR : writes ? O_WRONLY | O_CREAT : O_RDONLY) | direct, 0644);
    if (number < 0) err(2, "%s", rest);
    return number;
}

// Words that are never the same twice, and tell where they belong.
static void fill(uint64_t *words, uint64_t at) {
    for (uint64_t i = 0; i < CHUNK / 8; i++) words[i] = (at / 8 + i) * 0x9E3779B97F4A7C15u + 1;
}

static void send_all(int number, uint64_t count) {
    uint64_t *words = aligned_alloc(4096, CHUNK);
    for (uint64_t at = 0; at < count;) {
        fill(words, at);
        uint64_t size = count - at < CHUNK ? count - at : CHUNK;
        for (uint64_t done = 0; done < size;) {
            ssize_t wrote = write(number, (char *)words + done, size - done);
            if (wrote <= 0) err(1, "write after %llu bytes", (unsigned long long)(at + done));
            done += wrote;
        }
        at += size;
    }
    if (!has_no_end && (is_file ? fsync(number) : shutdown(number, SHUT_WR))) err(1, "finish");
    free(words);
}

static void receive_all(int number, uint64_t count) {
    uint64_t *words = aligned_alloc(4096, CHUNK), *wanted = aligned_alloc(4096, CHUNK);
    for (uint64_t at = 0; at < count;) {
        uint64_t size = count - at < CHUNK ? count - at : CHUNK;
        for (uint64_t done = 0; done < size;) {
            ssize_t got = read(number, (char *)words + done, size - done);
            if (got <= 0) err(1, "read: the end after %llu bytes", (unsigned long long)(at + done));
            done += got;
        }
        fill(wanted, at);
        if (memcmp(words, wanted, size)) errx(1, "wrong bytes between %llu and %llu", (unsigned long long)at, (unsigned long long)(at + size));
        at += size;
    }
    if (!is_file && !has_no_end && read(number, words, 1) != 0) errx(1, "more than %llu bytes", (unsigned long long)count);
    free(words);
    free(wanted);
}

// The script comes up to the end of the stream; what it prints goes back, and a last line has its code.
static void run(int one) {
    char script[64 << 10];
    size_t size = 0;
    for (ssize_t got; size < sizeof script - 1 && (got = read(one, script + size, sizeof script - 1 - size)) > 0;) size += got;
    script[size] = 0;
    pid_t child = fork();
    if (child == 0) {
        signal(SIGPIPE, SIG_DFL);
        dup2(one, 1);
        dup2(one, 2);
        execl("/bin/sh", "sh", "-c", script, NULL);
        _exit(127);
    }
    int status = 0;
    waitpid(child, &status, 0);
    dprintf(one, "\n%d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    _exit(0);
}

static void serve(int port) {
    struct sockaddr_vm name = {.svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_ANY, .svm_port = port};
    struct sockaddr_vm host = {.svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_HOST, .svm_port = 1};
    int listener = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0), one;
    if (bind(listener, (void *)&name, sizeof name) || listen(listener, 8)) err(2, "listen");
    one = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);
    // Nobody needs to wait there.
    connect(one, (void *)&host, sizeof host);
    close(one);
    while ((one = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        while (waitpid(-1, NULL, WNOHANG) > 0) {}
        if (fork() == 0) run(one);
        close(one);
    }
    err(2, "accept");
}

static int shell(int number) {
    static char text[1 << 20];
    ssize_t got;
    size_t size = 0;
    while ((got = read(0, text, sizeof text)) > 0)
        if (write(number, text, got) != got) err(2, "write");
    shutdown(number, SHUT_WR);
    while (size < sizeof text - 1 && (got = read(number, text + size, sizeof text - 1 - size)) > 0) size += got;
    text[size] = 0;
    // "…\nCODE\n"
    char *end = size > 2 && text[size - 1] == '\n' ? memrchr(text, '\n', size - 1) : NULL;
    if (!end) errx(2, "the guest has gone: %s", text);
    fwrite(text, 1, end - text, stdout);
    return atoi(end + 1);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static long long microseconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return time.tv_sec * 1000000LL + time.tv_nsec / 1000;
}

static int first(int number) {
    char byte;
    if (read(number, &byte, 1) != 1) errx(1, "read: the end before a byte");
    printf("%lld\n", microseconds());
    return 0;
}

static int print_lines(int number) {
    FILE *stream = fdopen(number, "r");
    char line[4096];
    if (!stream) err(2, "fdopen");
    setlinebuf(stdout);
    while (fgets(line, sizeof line, stream)) printf("%lld %s", microseconds(), line);
    return 0;
}

struct stream { int number; uint64_t count; };
static void *sender(void *pointer) {
    struct stream *stream = pointer;
    send_all(stream->number, stream->count);
    return NULL;
}

int main(int count, char **words) {
    if (count < 3) errx(2, "usage: peer send|receive|both|exchange|ask|answer|first|log|shell ADDRESS [COUNT] | serve PORT");
    uint64_t amount = count > 3 ? strtoull(words[3], NULL, 10) : 0;
    signal(SIGPIPE, SIG_IGN);
    if (!strcmp(words[1], "serve")) serve(atoi(words[2]));
    has_no_end = !strcmp(words[1], "exchange");
    int number = opened(words[2], !strcmp(words[1], "send"));
    if (!strcmp(words[1], "shell")) return shell(number);
    if (!strcmp(words[1], "first")) return first(number);
    if (!strcmp(words[1], "log")) return print_lines(number);
    double began = now();
    char byte = 0;
    if (!strcmp(words[1], "send")) {
        send_all(number, amount);
        // Until the other side has read everything and gone.
        if (!is_file && read(number, &byte, 1) != 0) errx(1, "no end from the other side");
    } else if (!strcmp(words[1], "receive")) {
        receive_all(number, amount);
    } else if (!strcmp(words[1], "both") || has_no_end) {
        struct stream stream = {number, amount};
        pthread_t thread;
        if (pthread_create(&thread, NULL, sender, &stream)) errx(2, "no thread");
        receive_all(number, amount);
        pthread_join(thread, NULL);
    } else if (!strcmp(words[1], "answer")) {
        while (read(number, &byte, 1) == 1)
            if (write(number, &byte, 1) != 1) err(1, "write");
        return 0;
    } else if (!strcmp(words[1], "ask")) {
        for (uint64_t i = 0; i < amount; i++)
            if (write(number, &byte, 1) != 1 || read(number, &byte, 1) != 1) err(1, "ask");
        printf("%.1f us\n", (now() - began) * 1e6 / amount);
        return 0;
    }
    double seconds = now() - began;
    printf("%s %llu bytes %.1f MB/s\n", words[1], (unsigned long long)amount, amount / seconds / 1e6);
    return 0;
}
