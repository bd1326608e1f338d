/** QEMU's machine protocol: JSON messages on a socket, the client's and the server's side. */
package org.wardian.qmp;
