/** What a guest's network card is plugged into. */
package org.wardian.network;
