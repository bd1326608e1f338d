/** Virtqueues: split and packed rings, and the chains of guest memory that they carry. */
package org.wardian.virtio.queue;
