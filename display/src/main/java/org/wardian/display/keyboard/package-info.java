/** Where the keys of a PC keyboard are that X11 key symbols name. */
package org.wardian.display.keyboard;
