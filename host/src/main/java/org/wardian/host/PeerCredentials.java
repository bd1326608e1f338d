package org.wardian.host;

/**
 * Who is at the other end of a UNIX socket, as the kernel noted when it connected ({@code
 * SO_PEERCRED}, {@code unix(7)}).
 *
 * @param pid process, which may be gone and its number used by another
 * @param uid user
 * @param gid group
 */
public record PeerCredentials(int pid, int uid, int gid) {}
