/** The network device (virtio 1.2 §5.1). */
package org.wardian.virtio.net;
