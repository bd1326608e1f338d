/** How the Remote Framebuffer protocol writes pixels: formats, rectangles, compression. */
package org.wardian.display.vnc.encoding;
