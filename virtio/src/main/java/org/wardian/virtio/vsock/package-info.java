/** Sockets between guest and host (virtio 1.2 §5.10). */
package org.wardian.virtio.vsock;
