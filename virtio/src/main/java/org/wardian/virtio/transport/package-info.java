/** How a guest reaches a virtio device: PCI, modern and transitional (virtio 1.2 §4.1). */
package org.wardian.virtio.transport;
