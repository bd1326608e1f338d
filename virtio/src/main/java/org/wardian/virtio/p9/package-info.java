/** Shared folders: the 9P transport device (virtio 1.2 §5.15) and a server of 9P2000.L. */
package org.wardian.virtio.p9;
