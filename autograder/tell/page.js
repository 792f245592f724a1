/*
 * page.js - draws the runs of a page (page.h) from their data, and lets one step through them.
 *
 * Data comes from <script type="application/json" id="data-N">, written by page_run.c. What programs
 * wrote reaches the page as text nodes only: nothing here parses markup. Nothing is loaded.
 */
"use strict";
(function () {
    /* ---- Making elements ---------------------------------------------------------------------- */

    const SVG = "http://www.w3.org/2000/svg";

    function fill(node, attributes, children) {
        for (const name in attributes) {
            if (attributes[name] !== null && attributes[name] !== undefined) {
                node.setAttribute(name, attributes[name]);
            }
        }
        for (const child of children) {
            node.append(child); /* a string becomes a text node */
        }
        return node;
    }

    function html(name, attributes, ...children) {
        return fill(document.createElement(name), attributes, children);
    }

    function svg(name, attributes, ...children) {
        return fill(document.createElementNS(SVG, name), attributes, children);
    }

    function button(words, title, action) {
        const made = html("button", { type: "button", title: title }, words);
        made.addEventListener("click", action);
        return made;
    }

    function shorten(text, most) {
        const characters = Array.from(text);
        return characters.length > most ? characters.slice(0, most - 1).join("") + "…" : text;
    }

    /* Patterns and arrow heads, once for the whole page. */
    function addDefinitions() {
        const tip = svg("marker", { id: "tip", viewBox: "0 0 10 10", refX: 9, refY: 5,
            markerWidth: 9, markerHeight: 9, markerUnits: "userSpaceOnUse", orient: "auto-start-reverse" },
        svg("path", { d: "M0 0L10 5L0 10z", class: "tip" }));
        const big = svg("marker", { id: "bigtip", viewBox: "0 0 10 10", refX: 9, refY: 5,
            markerWidth: 14, markerHeight: 14, markerUnits: "userSpaceOnUse", orient: "auto-start-reverse" },
        svg("path", { d: "M0 0L10 5L0 10z", class: "tip" }));
        const hatch = svg("pattern", { id: "hatch", width: 6, height: 6, patternUnits: "userSpaceOnUse" },
            svg("path", { d: "M0 6L6 0", class: "hatch" }));
        const cross = svg("pattern", { id: "cross", width: 6, height: 6, patternUnits: "userSpaceOnUse" },
            svg("path", { d: "M0 6L6 0M0 0L6 6", class: "cross" }));
        document.body.prepend(svg("svg", { width: 0, height: 0, "aria-hidden": "true" },
            svg("defs", {}, tip, big, hatch, cross)));
    }

    /* ---- The sequence diagram ----------------------------------------------------------------- */

    const LEFT = 70, ROW = 24, CHARACTER = 7.25, LABEL_MOST = 72;

    /* One sign and a few words for each kind of event: picture.h, enum event_kind. */
    const KINDS = {
        start: ["o", "the kit started a program"],
        fork: ["F", "fork: arrow from parent to child"],
        exec: ["E", "exec: it became another program"],
        exit: ["×", "end of life"],
        make: ["+", "made or opened something"],
        dup: ["=", "a second descriptor for the same thing"],
        close: ["−", "closed a descriptor"],
        send: [">", "sent: write, msgsnd, ..."],
        receive: ["<", "received: read, msgrcv, ...; arrow from the sender"],
        signal: ["!", "a signal arrived"],
        wait: ["W", "reaped a child: arrow from the child"],
        semop: ["S", "semaphore"],
        memory: ["M", "shared memory"],
        remove: ["R", "removed a name or an object"],
        sleep: ["z", "sleeps"],
        other: ["·", "something else"],
    };
    const ARROWS = { receive: "message", send: "message", signal: "signal", wait: "wait" };

    function sign(event) {
        return (KINDS[event.kind] || KINDS.other)[0];
    }

    function laneName(lane) {
        return lane.number ? lane.number + " " + lane.name : lane.name;
    }

    function labelOf(event) {
        const bytes = event.bytes ? "  \"" + event.bytes + "\"" : "";
        return (event.text || event.kind) + bytes;
    }

    /* What stands in each row: an event, or the button that opens (or closes) a fold. */
    function rowsOf(run, opened) {
        const items = [];
        run.rows.forEach(function (row, index) {
            const [first, length, written, times] = row;
            const shown = opened.has(index) ? length * written : length;
            for (let i = 0; i < shown; i++) {
                items.push({ event: first + i });
            }
            if (times > 1) {
                items.push({ fold: index, first: first + length, last: first + length * written - 1,
                    times: times, written: written, length: length });
            }
        });
        return items;
    }

    class Sequence {
        constructor(run, choose, peek) {
            this.run = run;
            this.choose = choose;
            this.peek = peek;
            this.zoom = 1;
            this.opened = new Set();
            this.laneWidth = run.lanes.length <= 4 ? 120 : 84;
            this.head = html("div", { class: "sticky" });
            this.body = html("div", {});
            this.node = html("div", { class: "scroll sequence", tabindex: "0", role: "group",
                "aria-label": "Sequence diagram; the arrow keys left and right step through it" },
            this.head, this.body);
            this.node.addEventListener("click", (e) => this.at(e, choose));
            this.node.addEventListener("mousemove", (e) => this.at(e, peek));
            this.node.addEventListener("mouseleave", () => peek(null));
            this.draw();
        }

        x(lane) {
            return LEFT + (lane + 0.5) * this.laneWidth;
        }

        /* Calls back with the event of the row that the mouse is in. */
        at(mouse, callback) {
            const box = this.drawing.getBoundingClientRect();
            const item = this.items[Math.floor((mouse.clientY - box.top) / (ROW * this.zoom))];
            if (mouse.clientY >= box.top && item && item.event !== undefined && !mouse.defaultPrevented) {
                callback(item.event);
            }
        }

        draw() {
            const run = this.run;
            this.items = rowsOf(run, this.opened);
            this.rowOf = new Array(run.events.length).fill(0);
            this.items.forEach((item, row) => {
                if (item.event !== undefined) {
                    this.rowOf[item.event] = row;
                } else if (!this.opened.has(item.fold)) {
                    this.rowOf.fill(row, item.first, item.last + 1);
                }
            });
            this.height = (this.items.length + 1) * ROW;
            this.width = LEFT + run.lanes.length * this.laneWidth + 20;
            this.band = svg("rect", { class: "band", x: 0, height: ROW });
            this.drawing = svg("svg", { role: "img", "aria-label": "Sequence diagram" }, this.band);
            run.lanes.forEach((lane, i) => this.addLane(lane, i));
            run.stretches.forEach((stretch) => this.addStretch(stretch));
            this.items.forEach((item, row) => {
                if (item.event !== undefined) {
                    this.addEvent(item.event, row);
                } else {
                    this.addFold(item, row);
                }
            });
            this.band.setAttribute("width", this.width);
            this.drawHead();
            this.body.replaceChildren(this.drawing);
            this.setZoom(this.zoom);
        }

        drawHead() {
            this.names = svg("svg", { role: "img", "aria-label": "Lanes" });
            const room = Math.floor(this.laneWidth / CHARACTER) - 1;
            this.run.lanes.forEach((lane, i) => {
                const state = lane.stuck ? "stuck" : lane.killed ? "ended by the kit" : "";
                this.names.append(svg("g", {},
                    svg("title", {}, lane.command || lane.name || ""),
                    svg("text", { x: this.x(i), y: 15, "text-anchor": "middle", class: "bold" },
                        shorten(laneName(lane), room)),
                    svg("text", { x: this.x(i), y: 29, "text-anchor": "middle",
                        class: lane.stuck ? "small bad" : "small" }, shorten(state, room + 3))));
            });
            this.head.replaceChildren(this.names);
        }

        y(event) {
            return (this.rowOf[event] + 0.5) * ROW;
        }

        addLane(lane, i) {
            const from = lane.born >= 0 ? this.y(lane.born) : 0;
            const to = lane.ended !== undefined ? this.y(Math.max(0, lane.ended)) : this.height;
            if (lane.ended === undefined || lane.ended >= 0) {
                this.drawing.append(svg("path", { d: `M${this.x(i)} ${from}V${to}`,
                    class: lane.process < 0 ? "lane kit" : "lane" }));
            }
        }

        addStretch(stretch) {
            const from = stretch.first >= 0 ? this.y(stretch.first) : 0;
            const to = stretch.last !== undefined ? this.y(stretch.last) : this.height;
            if (to > from) {
                this.drawing.append(svg("rect", { x: this.x(stretch.lane) - 6, y: from, width: 12,
                    height: to - from, class: stretch.stuck ? "asleep stuck" : "asleep" },
                svg("title", {}, stretch.text || "sleeps")));
            }
        }

        addEvent(index, row) {
            const event = this.run.events[index], y = (row + 0.5) * ROW, x = this.x(event.lane);
            const far = event.from !== undefined ? this.x(event.from) : x;
            const bad = event.failed || event.fatal, label = labelOf(event);
            const group = svg("g", { "data-event": index }, svg("title", {}, label),
                svg("text", { x: 4, y: y + 4, class: "small" }, (event.at / 1000).toFixed(1) + " ms"));
            if (far !== x) {
                group.append(svg("path", { d: `M${far} ${y}H${x + (far < x ? -10 : 10)}`,
                    class: "arrow " + (ARROWS[event.kind] || ""), "marker-end": "url(#tip)" }));
            }
            group.append(this.mark(event, x, y, bad), svg("text", { x: x, y: y + 4, class: "sign" }, sign(event)));
            const start = Math.max(x, far) + 14, words = shorten(label, LABEL_MOST);
            group.append(svg("text", { x: start, y: y + 4, class: bad ? "halo bad" : "halo" }, words));
            this.width = Math.max(this.width, start + Array.from(words).length * CHARACTER + 10);
            this.drawing.append(group);
        }

        /* The shape tells ends of life and signals from the rest, without colour. */
        mark(event, x, y, bad) {
            const style = bad ? "dot bad" : "dot";
            if (event.kind === "exit") {
                return svg("rect", { x: x - 9, y: y - 8, width: 18, height: 16, class: style });
            }
            if (event.kind === "signal") {
                return svg("path", { d: `M${x} ${y - 11}l11 11l-11 11l-11 -11z`, class: style });
            }
            return svg("circle", { cx: x, cy: y, r: 8, class: style });
        }

        addFold(item, row) {
            const y = row * ROW, open = this.opened.has(item.fold);
            const same = item.length === 1 ? "the same" : `the same ${item.length} events`;
            const rest = item.times - item.written;
            const words = open ? `▲ fold again${rest > 0 ? `; ${rest} more like these are left out` : ""}`
                : `▼ ${same} ${item.times - 1} more time${item.times > 2 ? "s" : ""}: open`;
            const group = svg("g", { class: "fold", role: "button", tabindex: 0,
                "aria-expanded": open ? "true" : "false" },
            svg("rect", { x: LEFT, y: y + 2, width: words.length * CHARACTER + 16, height: ROW - 4, rx: 4 }),
            svg("text", { x: LEFT + 8, y: y + 16 }, words));
            const toggle = (e) => {
                e.preventDefault();
                e.stopPropagation();
                this.toggle(item.fold);
            };
            group.addEventListener("click", toggle);
            group.addEventListener("keydown", (e) => {
                if (e.key === "Enter" || e.key === " ") {
                    toggle(e);
                }
            });
            this.drawing.append(group);
        }

        toggle(fold) {
            if (!this.opened.delete(fold)) {
                this.opened.add(fold);
            }
            this.draw();
            this.select(this.selected);
        }

        setZoom(zoom) {
            this.zoom = Math.min(3, Math.max(0.3, zoom));
            for (const [drawing, height] of [[this.drawing, this.height], [this.names, 36]]) {
                drawing.setAttribute("viewBox", `0 0 ${this.width} ${height}`);
                drawing.setAttribute("width", this.width * this.zoom);
                drawing.setAttribute("height", height * this.zoom);
            }
        }

        fit() {
            this.setZoom(this.node.clientWidth / this.width);
        }

        select(event) {
            this.selected = event;
            this.band.setAttribute("y", this.rowOf[event] * ROW);
            const top = this.rowOf[event] * ROW * this.zoom, head = this.head.offsetHeight;
            const seen = this.node.clientHeight - head;
            if (top < this.node.scrollTop || top + ROW * this.zoom > this.node.scrollTop + seen) {
                this.node.scrollTop = Math.max(0, top - seen / 2);
            }
        }
    }

    /* ---- The state at a moment: who holds which end ------------------------------------------- */

    const LINE = 17, BOX = 290, GAP = 130, MARGIN = 46, OBJECT = 210, STABLE_MOST = 12,
        WIRES_MOST = 30;
    const DRAWN = /pipe|FIFO|queue|semaphore|segment|memory|socket/;

    /* The states after each event: what a step leaves out is as before. */
    function statesOf(run) {
        let processes = [], objects = [];
        return run.steps.map(function (step) {
            processes = Object.assign(processes.slice(), step.processes);
            objects = Object.assign(objects.slice(), step.objects);
            return { processes: processes, objects: objects };
        });
    }

    function lives(process) {
        return process.life === "runs" || process.life === "sleeps" || process.life === "zombie";
    }

    class Ends {
        constructor(run, states) {
            this.run = run;
            this.states = states;
            this.cycle = new Set(run.cycle);
            this.numbers = [];
            for (const lane of run.lanes) {
                if (lane.process >= 0) {
                    this.numbers[lane.process] = lane.number;
                }
            }
            this.measure();
            this.all = html("input", { type: "checkbox" });
            this.all.addEventListener("change", () => this.draw(this.step));
            this.choice = html("label", {}, this.all, " all ends, not only those that matter now");
            this.picture = html("div", {});
            this.node = html("div", { class: "scroll ends", tabindex: "0" }, this.choice, this.picture);
        }

        /* With too many ends for one picture, only those of what somebody waits for, of what this
         * event is about, and of the guilty one get a wire; the others are one line a process. */
        choose(state, step) {
            const living = state.processes.filter(lives);
            const wires = living.reduce((n, process) => n + process.ends.filter((end) =>
                end.object !== undefined && DRAWN.test(this.run.objects[end.object].kind)).length, 0);
            const crowded = wires > WIRES_MOST;
            this.choice.hidden = !crowded;
            this.chosen = null;
            if (crowded && !this.all.checked) {
                this.chosen = new Set(living.map((process) => process.waits_object));
                this.chosen.add(this.run.events[step].object);
                living.forEach((process) => process.ends.filter((end) => end.guilty)
                    .forEach((end) => this.chosen.add(end.object)));
                this.chosen.delete(undefined);
            }
        }

        isShown(end) {
            return this.chosen === null || this.chosen.has(end.object);
        }

        /* Lines for the ends of a process: those that are shown, and one for the others. */
        linesOf(process) {
            const shown = process.ends.filter((end) => this.isShown(end)).length;
            return shown + (shown < process.ends.length ? 1 : 0);
        }

        /* Room for the most that a process ever shows: so that nothing jumps while stepping. */
        measure() {
            this.most = [];
            for (const state of this.states) {
                state.processes.forEach((process, i) => {
                    this.most[i] = Math.max(this.most[i] || 0, process.ends.length);
                });
            }
        }

        draw(step) {
            const state = this.states[step], last = step === this.states.length - 1;
            this.ended = this.run.hung && last;
            this.acting = this.run.lanes[this.run.events[step].lane].process;
            const drawing = svg("svg", { role: "img", "aria-label": "Who holds which end" });
            this.step = step;
            this.choose(state, step);
            const processes = this.placeProcesses(state);
            const objects = this.placeObjects(state, processes);
            this.placeOf = new Map(processes.map((place) => [place.index, place]));
            this.wires = [];
            this.labels = [];
            for (const place of processes) {
                this.addProcess(drawing, place, state, objects);
            }
            for (const place of objects.values()) {
                this.addObject(drawing, place);
            }
            drawing.append(...this.wires, ...this.labels);
            const bottom = [...processes, ...objects.values()].map((place) => place.y + place.height);
            const height = Math.max(60, ...bottom) + 14, width = MARGIN + BOX + GAP + OBJECT + 10;
            drawing.setAttribute("viewBox", `0 0 ${width} ${height}`);
            drawing.setAttribute("width", width);
            drawing.setAttribute("height", height);
            this.picture.replaceChildren(drawing);
        }

        placeProcesses(state) {
            const stable = state.processes.length <= STABLE_MOST && this.chosen === null, places = [];
            let y = 8;
            state.processes.forEach((process, index) => {
                if (process.life === "unborn" || (!stable && !lives(process))) {
                    return;
                }
                const ends = stable ? this.most[index] : this.linesOf(process);
                const gone = process.life === "gone";
                const height = gone && !stable ? LINE + 8 : (ends + 2) * LINE + 10;
                places.push({ index: index, process: process, x: MARGIN, y: y, height: height });
                y += height + 14;
            });
            return places;
        }

        /* Beside the processes that hold it, in their middle, and never over one another. */
        placeObjects(state, processes) {
            const held = new Map();
            for (const place of processes) {
                place.process.ends.filter((end) => this.isShown(end)).forEach((end, row) => {
                    if (end.object !== undefined) {
                        held.set(end.object, [...(held.get(end.object) || []), place.y + (row + 3) * LINE]);
                    }
                });
            }
            const places = [];
            state.objects.forEach((object, index) => {
                const waited = processes.filter((place) => place.process.waits_object === index);
                const wanted = [...(held.get(index) || []), ...waited.map((place) => place.y + LINE)];
                if (DRAWN.test(this.run.objects[index].kind) && this.isShown({ object: index }) && (object.exists || wanted.length > 0)) {
                    const middle = wanted.length > 0 ? wanted.reduce((a, b) => a + b) / wanted.length : 1e6;
                    places.push({ index: index, object: object, wanted: middle, height: 2 * LINE + 14 });
                }
            });
            places.sort((a, b) => a.wanted - b.wanted || a.index - b.index);
            let y = 8;
            for (const place of places) {
                place.x = MARGIN + BOX + GAP;
                place.y = Math.max(y, place.wanted >= 1e6 ? y : place.wanted - place.height / 2);
                place.used = 0;
                y = place.y + place.height + 12;
            }
            return new Map(places.map((place) => [place.index, place]));
        }

        addProcess(drawing, place, state, objects) {
            const process = place.process, cycle = this.ended && this.cycle.has(place.index);
            const style = ["box", process.life];
            if (cycle) {
                style.push("cycle");
            } else if (this.acting === place.index) {
                style.push("acting");
            }
            const words = { sleeps: "sleeps", zombie: "zombie: ended, not reaped", gone: "has ended" };
            const rest = cycle ? "stuck for ever" : words[process.life] || "";
            drawing.append(svg("rect", { x: place.x, y: place.y, width: BOX, height: place.height, rx: 4,
                class: style.join(" ") }),
            svg("text", { x: place.x + 8, y: place.y + LINE, class: "bold" },
                shorten((this.numbers[place.index] || "") + " " + (process.name || ""), 20)),
            svg("text", { x: place.x + BOX - 8, y: place.y + LINE, "text-anchor": "end",
                class: cycle ? "bad" : "small" }, rest));
            if (process.waits && lives(process)) {
                this.addWaiting(drawing, place, state, objects, cycle);
            }
            const shown = process.ends.filter((end) => this.isShown(end));
            shown.forEach((end, row) => this.addEnd(drawing, place, end, row, objects));
            if (shown.length < process.ends.length) {
                this.addOthers(drawing, place, process.ends.filter((end) => !this.isShown(end)), shown.length);
            }
        }

        addWaiting(drawing, place, state, objects, cycle) {
            const process = place.process, y = place.y + 2 * LINE;
            drawing.append(svg("g", {}, svg("title", {}, process.waits),
                svg("text", { x: place.x + 8, y: y, class: cycle ? "bad" : "" },
                    shorten(process.waits, Math.floor((BOX - 16) / CHARACTER)))));
            const object = objects.get(process.waits_object), style = cycle ? "wire waits cycle" : "wire waits";
            if (object) {
                this.wires.push(this.wire(place.x + BOX, y - 4, object, style, "end"));
            }
            if (process.waits_process !== undefined) {
                this.addWaitForProcess(place, process.waits_process, y - 4, style);
            }
        }

        /* A bow at the left edge, from the one who waits to the one waited for. */
        addWaitForProcess(place, other, y, style) {
            const target = this.placeOf.get(other);
            if (target) {
                const to = target.y + LINE;
                this.wires.push(svg("path", { d: `M${place.x} ${y}C6 ${y} 6 ${to} ${target.x} ${to}`,
                    class: style, "marker-end": "url(#tip)" }));
            }
        }

        nameOf(end) {
            const object = this.run.objects[end.object];
            return (object ? object.label : end.what) || "?";
        }

        addOthers(drawing, place, ends, row) {
            const list = ends.map((end) => `${end.fd} ${end.writes ? "writes" : "reads"} ${this.nameOf(end)}`);
            const words = ` and ${ends.length} more: ` + ends.map((end) => end.fd).join(" ");
            drawing.append(svg("g", {}, svg("title", {}, list.join(", ")),
                svg("text", { x: place.x + 4, y: place.y + (row + 3) * LINE, class: "small" },
                    shorten(words, Math.floor((BOX - 8) / 6)))));
        }

        addEnd(drawing, place, end, row, objects) {
            const y = place.y + (row + 3) * LINE, object = objects.get(end.object);
            const does = end.reads && end.writes ? "reads+writes" : end.writes ? "writes" : end.reads ? "reads" : "";
            const name = this.nameOf(end);
            const text = String(end.fd).padStart(3) + " " + does.padEnd(7) + " " + name;
            drawing.append(svg("g", { class: "end", "data-end": [place.index, end.fd, does, name].join("|") },
                svg("title", {}, text.trim() + (end.cloexec ? " (close-on-exec)" : "")),
                svg("text", { x: place.x + 4, y: y, class: end.guilty ? "bad" : "" },
                    shorten(text + (end.cloexec ? " (cloexec)" : ""), Math.floor((BOX - 8) / CHARACTER)))));
            if (end.guilty) {
                this.labels.push(svg("text", { x: place.x + BOX + 6, y: y - 8, class: "bad halo" }, "kept open!"));
            }
            if (object) {
                const which = end.guilty ? " guilty" : end.reads && !end.writes ? " reads" : "";
                this.wires.push(this.wire(place.x + BOX, y - 4, object, "wire" + which,
                    end.reads && end.writes ? "both" : end.reads ? "start" : "end"));
            }
        }

        /* From the edge of a process to an object; the arrow head tells which way bytes go. */
        wire(x, y, object, style, tip) {
            const to = object.y + 8 + Math.min(object.height - 16, object.used++ * 7), middle = (x + object.x) / 2;
            const head = style.includes("guilty") ? "url(#bigtip)" : "url(#tip)";
            return svg("path", { d: `M${x} ${y}C${middle} ${y} ${middle} ${to} ${object.x} ${to}`, class: style,
                "marker-start": tip === "end" ? null : head, "marker-end": tip === "start" ? null : head });
        }

        addObject(drawing, place) {
            const about = this.run.objects[place.index], room = Math.floor((OBJECT - 20) / CHARACTER);
            const contents = place.object.removed ? (place.object.contents || "") + " (name removed)"
                : place.object.contents || "";
            const round = /pipe|FIFO|socket/.test(about.kind) ? (2 * LINE + 14) / 2 : 4;
            drawing.append(svg("g", { "data-object": (about.label || "") + "|" + contents },
                svg("title", {}, about.kind + ": " + about.label + ": " + contents),
                svg("rect", { x: place.x, y: place.y, width: OBJECT, height: place.height, rx: round,
                    class: place.object.exists ? "box" : "box absent" }),
                svg("text", { x: place.x + OBJECT / 2, y: place.y + LINE + 3, "text-anchor": "middle",
                    class: "bold" }, shorten(about.label || about.kind, room)),
                svg("text", { x: place.x + OBJECT / 2, y: place.y + 2 * LINE + 3, "text-anchor": "middle" },
                    shorten(contents, room))));
        }
    }

    /* ---- Each process's line in its source ---------------------------------------------------- */

    const NEAR = 4; /* lines around a current line that are shown */

    class Sources {
        constructor(run, states, numbers) {
            this.run = run;
            this.states = states;
            this.numbers = numbers;
            this.files = new Map();
            this.whole = html("input", { type: "checkbox" });
            this.whole.addEventListener("change", () => this.show(this.step));
            this.node = html("div", { class: "sources" });
            for (const file in run.sources) {
                this.addFile(file, run.sources[file].replace(/\n$/, "").split("\n"));
            }
            if (this.files.size > 0) {
                this.node.prepend(html("h5", {}, "Where each process is in its source"),
                    html("label", {}, this.whole, " whole files"));
            }
        }

        addFile(file, lines) {
            const pre = html("pre", { class: "source", tabindex: "0", "aria-label": file });
            const shown = lines.map(function (line, i) {
                const who = html("span", { class: "who" });
                const row = html("span", { class: "line" }, who,
                    html("b", {}, String(i + 1).padStart(4) + " "), line || " ");
                pre.append(row);
                return { row: row, who: who };
            });
            this.files.set(file, { pre: pre, lines: shown });
            this.node.append(html("div", {}, html("h6", {}, file), pre));
        }

        /* Marks where everybody is; only the lines around that are shown, or whole files. */
        show(step) {
            this.step = step;
            for (const [file, shown] of this.files) {
                const at = this.whoIsAt(step, file);
                shown.lines.forEach(function (line, i) {
                    line.who.textContent = at.has(i) ? at.get(i).join(",") + "▶" : "";
                    line.row.classList.toggle("here", at.has(i));
                });
                this.showNear(shown, [...at.keys()]);
            }
        }

        /* The numbers of the processes at each line (from 0) of that file. */
        whoIsAt(step, file) {
            const at = new Map();
            this.states[step].processes.forEach((process, index) => {
                if (process.file === file && lives(process)) {
                    at.set(process.line - 1, [...(at.get(process.line - 1) || []), this.numbers[index]]);
                }
            });
            return at;
        }

        showNear(shown, at) {
            let gap = false;
            shown.lines.forEach((line, i) => {
                const hidden = !this.whole.checked && !at.some((there) => Math.abs(there - i) <= NEAR);
                line.row.hidden = hidden;
                line.row.classList.toggle("gap", gap && !hidden && i > 0);
                gap = hidden;
            });
            shown.pre.parentNode.hidden = !this.whole.checked && at.length === 0;
        }
    }

    /* ---- One run: controls, and everything that follows the step ------------------------------- */

    function legend() {
        const list = html("ul", {});
        for (const kind in KINDS) {
            list.append(html("li", {}, html("code", {}, KINDS[kind][0]), " " + KINDS[kind][1]));
        }
        return html("details", { class: "key" }, html("summary", {}, "What the signs mean"), list,
            html("p", {}, "A hatched stretch of a lane: it sleeps. Cross-hatched, in red: to the end, for " +
                "nobody can wake it. Keys: left and right step, Home and End go to the ends, + and - zoom."));
    }

    function notesOf(run) {
        const notes = [];
        if (!run.io_watched) {
            notes.push("Reads and writes were not watched in this run: no message is drawn, and what is " +
                "in a pipe is not known.");
        }
        if (!run.complete) {
            notes.push("The run was too long to be recorded whole: some events are missing.");
        }
        if (run.skipped > 0) {
            notes.push(`Only the last events are shown: ${run.skipped} came before.`);
        }
        return notes.map((note) => html("p", { class: "note" }, note));
    }

    class Run {
        constructor(section, run) {
            this.run = run;
            this.section = section;
            this.last = run.events.length - 1;
            const states = statesOf(run);
            this.sequence = new Sequence(run, (event) => this.go(event), (event) => this.peek(event));
            this.ends = new Ends(run, states);
            this.sources = new Sources(run, states, this.ends.numbers);
            this.detail = html("div", { class: "detail", "aria-live": "polite" });
            this.slider = html("input", { type: "range", min: 0, max: this.last, step: 1,
                "aria-label": "Event" });
            this.slider.addEventListener("input", () => this.go(Number(this.slider.value)));
            this.section.querySelector(".stage").append(...notesOf(run), this.controls(), this.detail,
                html("div", { class: "views" },
                    html("div", {}, html("h5", {}, "Who did what, in order"), this.sequence.node),
                    html("div", {}, html("h5", {}, "Who holds which end, and what is in it"), this.ends.node,
                        this.sources.node)), legend());
            this.go(run.hung ? this.last : 0);
        }

        controls() {
            return html("div", { class: "controls" },
                button("|◀", "To the beginning (Home)", () => this.go(0)),
                button("◀ back", "One event back (arrow left)", () => this.go(this.step - 1)),
                this.slider,
                button("next ▶", "One event on (arrow right)", () => this.go(this.step + 1)),
                button("▶|", "To the end (End)", () => this.go(this.last)),
                button("−", "Smaller", () => this.sequence.setZoom(this.sequence.zoom / 1.25)),
                button("+", "Larger", () => this.sequence.setZoom(this.sequence.zoom * 1.25)),
                button("fit", "As wide as the window", () => this.sequence.fit()));
        }

        go(step) {
            this.step = Math.min(this.last, Math.max(0, step));
            this.slider.value = this.step;
            this.sequence.select(this.step);
            this.ends.draw(this.step);
            this.sources.show(this.step);
            this.tell(this.step);
            this.slider.setAttribute("aria-valuetext", this.detail.textContent);
        }

        /* While the mouse is over another event. */
        peek(event) {
            this.detail.classList.toggle("peek", event !== null && event !== this.step);
            this.tell(event === null ? this.step : event);
        }

        tell(index) {
            const event = this.run.events[index], lane = this.run.lanes[event.lane];
            const place = event.file ? `${event.file}:${event.line}` +
                (event.function ? " in " + event.function : "") : "";
            const lines = [html("p", {}, html("b", {}, `Event ${index + 1} of ${this.last + 1}, ` +
                `${(event.at / 1000).toFixed(3)} ms, ${laneName(lane)}: `), event.text || event.kind)];
            if (event.bytes) {
                lines.push(html("p", {}, "bytes: ", html("code", {}, event.bytes)));
            }
            if (event.call || place) {
                lines.push(html("p", {}, html("code", {}, [event.call, event.detail, place]
                    .filter(Boolean).join("   "))));
            }
            if (event.injected) {
                lines.push(html("p", { class: "note" }, "The kit made this call fail, or shortened it."));
            }
            this.detail.replaceChildren(...lines);
        }

        key(e) {
            const moves = { ArrowLeft: this.step - 1, ArrowRight: this.step + 1, Home: 0, End: this.last };
            const zooms = { "+": 1.25, "=": 1.25, "-": 0.8 };
            if (moves[e.key] !== undefined) {
                this.go(moves[e.key]);
            } else if (zooms[e.key] !== undefined) {
                this.sequence.setZoom(this.sequence.zoom * zooms[e.key]);
            } else {
                return;
            }
            e.preventDefault();
        }
    }

    /* ---- The page ------------------------------------------------------------------------------ */

    const drawn = new Map();

    /* A run is drawn when it can be seen for the first time: a page may have many. */
    function drawRun(section) {
        const shut = section.closest("details:not([open])");
        if (drawn.has(section) || shut) {
            return;
        }
        const run = JSON.parse(document.getElementById("data-" + section.dataset.run).textContent);
        if (run.events.length === 0) {
            section.querySelector(".stage").append("Nothing was recorded.");
            drawn.set(section, null);
            return;
        }
        drawn.set(section, new Run(section, run));
    }

    function drawRuns() {
        document.querySelectorAll("section.run").forEach(drawRun);
    }

    /* The run that keys are for: the one with the focus, or else the one in the middle of the window. */
    function runOfKeys(target) {
        const inside = target.closest && target.closest("section.run");
        if (inside) {
            return drawn.get(inside);
        }
        for (const [section, run] of drawn) {
            const box = section.getBoundingClientRect();
            if (run && box.height > 0 && box.top < innerHeight / 2 && box.bottom > innerHeight / 2) {
                return run;
            }
        }
        return [...drawn.values()].find(Boolean);
    }

    function onKey(e) {
        const run = runOfKeys(e.target);
        const focused = e.target.closest && e.target.closest("section.run");
        if (!run || e.ctrlKey || e.altKey || e.metaKey || e.target === run.slider ||
            (!focused && e.key !== "ArrowLeft" && e.key !== "ArrowRight")) {
            return;
        }
        run.key(e);
    }

    function addThemeSwitch() {
        const root = document.documentElement, theme = document.getElementById("theme");
        theme.hidden = false;
        theme.addEventListener("click", function () {
            const dark = root.dataset.theme ? root.dataset.theme === "dark"
                : matchMedia("(prefers-color-scheme: dark)").matches;
            root.dataset.theme = dark ? "light" : "dark";
        });
    }

    addDefinitions();
    addThemeSwitch();
    document.addEventListener("toggle", drawRuns, true);
    document.addEventListener("keydown", onKey);
    addEventListener("beforeprint", function () {
        document.querySelectorAll("details.check.failed").forEach((check) => { check.open = true; });
        drawRuns();
    });
    drawRuns();
}());
