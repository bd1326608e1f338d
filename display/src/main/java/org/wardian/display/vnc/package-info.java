/** A server of the Remote Framebuffer protocol, for VNC viewers (RFC 6143 and its registry). */
package org.wardian.display.vnc;
