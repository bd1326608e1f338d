/** Secrets that clients leave with a daemon: passwords and keys of disks and servers. */
package org.wardian.daemon.secret;
