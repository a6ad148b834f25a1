/* What ifcast asks of Apple's systems through their C headers.
 *
 * Every function takes plain integers and pointers and keeps no state. It returns 0 or an errno, but for those of
 * libnotify, which return its status. Results are there only when it returns 0. */
#ifndef IFCAST_SYS_H
#define IFCAST_SYS_H

#include <stdint.h>

/* Writes the IFRTYPE_FUNCTIONAL_* value of the interface called `name`.
 *
 * `socket` is any AF_INET datagram socket, bound or not; `name` ends in NUL; `functional_type` is writable.
 *
 * ENAMETOOLONG: `name` with its NUL does not fit an interface name. ENXIO: no such interface. EPERM: a sandbox refuses
 * this ioctl. EOPNOTSUPP: the kernel does not know it. EBADF, ENOTTY: `socket` is not a socket. */
int ifcast_sys_functional_type(int socket, const char *name, uint32_t *functional_type);

/* Writes the IFM_* status word of the interface called `name`: whether its link is active, and whether it can say.
 *
 * `socket` is any AF_INET datagram socket, bound or not; `name` ends in NUL; `status` is writable.
 *
 * EINVAL, ENOTSUP, EOPNOTSUPP: the interface has no media. Others as for ifcast_sys_functional_type. */
int ifcast_sys_media_status(int socket, const char *name, uint32_t *status);

/* Writes 1 if the interface called `name` leads to a single device, else 0.
 *
 * `socket` is any AF_INET datagram socket, bound or not; `name` ends in NUL; `question` is the number by which this
 * kernel is asked, which another may take for an order; `is_direct_link` is writable.
 *
 * EOPNOTSUPP: no kernel is asked by this number. Others as for ifcast_sys_functional_type. */
int ifcast_sys_direct_link(int socket, const char *name, uint32_t question, uint32_t *is_direct_link);

/* Writes the release of the kernel, such as "24.1.0", and a NUL. `release` has room for `length` bytes.
 *
 * ENAMETOOLONG: that is too little. */
int ifcast_sys_release(char *release, uint32_t length);

/* Writes the IN6_IFF_* flags of an address of the interface called `name`.
 *
 * `socket` is an AF_INET6 datagram socket, bound or not; `name` ends in NUL; `address` is 16 bytes in network order,
 * without a scope in them; `flags` is writable.
 *
 * EADDRNOTAVAIL: the interface does not have the address. Others as for ifcast_sys_functional_type. */
int ifcast_sys_ipv6_address_flags(int socket, const char *name, const uint8_t *address, uint32_t *flags);

/* Opens a socket for the kernel's events of its network class. The caller closes it.
 *
 * EPERM: a sandbox refuses it. EMFILE, ENFILE, ENOBUFS, ENOMEM: a limit is reached. */
int ifcast_sys_kernel_events(int *descriptor);

/* Registers for libnotify's "com.apple.system.config.network_change", and writes a descriptor that becomes readable
 * with each notification. The descriptor is libnotify's: it is given back, and closed, with the token.
 *
 * Returns a NOTIFY_STATUS_* value. */
uint32_t ifcast_sys_network_change_register(int *descriptor, int *token);

/* Gives back what ifcast_sys_network_change_register took. Returns a NOTIFY_STATUS_* value. */
uint32_t ifcast_sys_network_change_cancel(int token);

/* Makes a descriptor nonblocking, and has it closed in programs that this one starts. EBADF: it is not open. */
int ifcast_sys_prepare(int descriptor);

#endif
