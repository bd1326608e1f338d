/** The block device (virtio 1.2 §5.2). */
package org.wardian.virtio.block;
