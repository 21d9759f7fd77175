// SPDX-License-Identifier: Apache-2.0
//
// The agent: one tiny process that stays in the relay namespace R to mint listeners on request, and to say which file a
// unix socket is bound to.
//
// Should: end when the supervisor ends; answer every request.
// Mustn't: be reachable from the worker (it is in no pid namespace of the worker's), or hold rights it does not use.

#define _GNU_SOURCE
#include "child.h"
#include "egress_calls.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <string.h>
#include <linux/un.h>
#include <sys/capability.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int mint_listener(const struct egress_sandbox *sandbox, const struct egress_request *request)
{
    if (request->family > 1 || request->port == 0 || request->port > 65535 ||
        sandbox->listeners[request->family].socket.domain == 0) {
        errno = EINVAL;
        return -1;
    }
    struct egress_listener listener = sandbox->listeners[request->family];
    uint16_t port = (uint16_t)request->port;
    uint16_t network_port = (uint16_t)(port >> 8 | port << 8);
    memcpy((char *)&listener.socket.address + listener.port_offset, &network_port, sizeof network_port);
    return egress_make_socket(&listener.socket);
}

/// Keeps the two capabilities that its work needs: binding low ports, and marking what a socket sends (SO_MARK), or asking
/// for its file (SIOCUNIXFILE).
static int drop_capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];
    memset(data, 0, sizeof data);
    data[0].effective = data[0].permitted = 1U << CAP_NET_ADMIN | 1U << CAP_NET_BIND_SERVICE;
    return (int)syscall(SYS_capset, &header, data);
}

/// The file that a unix socket is bound to (O_PATH): asked of the kernel about this very socket, which takes CAP_NET_ADMIN
/// over its network namespace. -1 with errno.
static int file_of_socket(int socket)
{
    struct sockaddr_storage name;
    socklen_t size = sizeof name;
    // Of anything else the number of this request may mean something else.
    if (getsockname(socket, (struct sockaddr *)&name, &size) < 0)
        return -1;
    errno = EINVAL;
    return name.ss_family == AF_UNIX ? ioctl(socket, SIOCUNIXFILE) : -1;
}

_Noreturn static void serve(const struct egress_sandbox *sandbox)
{
    for (;;) {
        struct egress_request request;
        int given = -1, fd;
        size_t count = 1;
        ssize_t length = egress_receive_descriptors(sandbox->agent_control, &request, sizeof request, &given, &count);
        if (length != sizeof request)
            _exit(0);
        fd = request.family == EGRESS_REQUEST_FILE ? file_of_socket(given) : mint_listener(sandbox, &request);
        int error = fd < 0 ? errno : 0;
        // Before the answer: as long as that is awaited ours is not the last, which close(2) might linger with (SO_LINGER).
        if (count == 1)
            close(given);
        egress_send_report(sandbox->agent_control, EGRESS_REPORT_LISTENER, error, "answering a request", &fd, fd < 0 ? 0 : 1);
        if (fd >= 0)
            close(fd);
    }
}

void egress_run_agent(const struct egress_sandbox *sandbox)
{
    int control = sandbox->agent_control;
    int descriptors[EGRESS_MAX_SOCKETS];
    prctl(PR_SET_NAME, "egress-agent");
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
        egress_fail(control, "asking to end with the supervisor");
    egress_wait_for_go(control);

    egress_perform(&sandbox->relay_before, 0, control, descriptors);
    struct egress_sandbox own = *sandbox;
    own.relay_netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (own.relay_netlink < 0)
        egress_fail(control, "opening a netlink socket of R");
    pid_t init = egress_clone(sandbox->init_flags | CLONE_PARENT);
    if (init < 0)
        egress_fail(control, "cloning init into new pid, mount, ipc, uts and network namespaces");
    if (init == 0)
        egress_run_init(&own);
    // A stop of the caller's job must not stop the agent. Not before init is cloned: the command would inherit it.
    signal(SIGTSTP, SIG_IGN);

    egress_perform(&sandbox->relay, init, control, descriptors);
    if (prctl(PR_SET_DUMPABLE, 0) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || drop_capabilities() < 0)
        egress_fail(control, "dropping the agent's rights");
    egress_send_report(control, EGRESS_REPORT_READY, init, "", descriptors, sandbox->relay.socket_count);
    for (size_t i = 0; i < sandbox->relay.socket_count; i++)
        close(descriptors[i]);
    close(sandbox->init_control);
    // Nothing of the caller's stays open here: a pipe's reader must see its end when the command ends.
    if (dup2(control, 0) < 0 || syscall(SYS_close_range, 1U, ~0U, 0U) < 0)
        _exit(125);
    own.agent_control = 0;
    serve(&own);
}
