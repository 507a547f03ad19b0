# Everything needs Python 3.11-3.13, make and git; the rest is fetched into .venv and var/.
PYTHON := $(shell for p in python3 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null && echo "$$p" && break; done)
VENV := .venv/bin/python
HOME_DIR := var
RUN := $(VENV) -m runtime.supervisor run --home $(HOME_DIR)

.DEFAULT_GOAL := help
.PHONY: claims versions drill failover controls faults properties e2e schema-fuzz client-size help python setup serve stop test lint journey bench-withdrawals bench-latency bench-face bench-liveness bench-verifications wechat-conformance invariants items docs nightly clean

help: ## what there is
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-19s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

python:
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed, and none is on the PATH" >&2; exit 1; }

setup: python
	@$(PYTHON) -m runtime.setup serve

serve: setup ## set up what is missing and run the whole system; prints the address to open
	@exec $(VENV) -m runtime.supervisor serve --home $(HOME_DIR)

stop: ## stop what `make serve` started in another terminal
	@$(VENV) -m runtime.supervisor stop --home $(HOME_DIR)

test: python ## set up what is missing, then linters, types, import rules and every test
	@$(PYTHON) -m runtime.setup test
	@$(VENV) -m runtime.checks

lint: python ## only linters, types and import rules
	@$(PYTHON) -m runtime.setup test
	@$(VENV) -m runtime.checks --no-tests

journey: setup ## a member's way from binding to money in the bank, on a system of its own
	@$(VENV) -m bench.journey

bench-withdrawals: setup ## [ONLY=steady] [SECONDS=300] withdrawals against the database's own floor, arriving for minutes, and too many
	@$(VENV) -m bench.withdrawals $(if $(ONLY),--only $(ONLY)) $(if $(SECONDS),--seconds $(SECONDS))

bench-latency: setup ## seconds from the passed face to the money, the bank answering in 200 ms
	@$(VENV) -m bench.latency

bench-face: setup ## FACE=<folder> [LFW=<folder>]: who a face is, beside face_recognition, in figures
	@$(VENV) -m bench.face --face "$(FACE)" $(if $(LFW),--lfw "$(LFW)")

bench-liveness: setup ## [DATA=<folder>] [TRIES=3]: prints, living people and the attack kit against the liveness checks
	@$(VENV) -m bench.liveness $(if $(DATA),--data "$(DATA)") $(if $(TRIES),--tries $(TRIES))

bench-verifications: setup ## [COUNT=20]: faces scanned at once, and how fast the rest of the API answers meanwhile
	@$(VENV) -m bench.verifications $(if $(COUNT),--count $(COUNT))

wechat-conformance: setup ## every vector WeChat published, against our signatures, ciphers and messages
	@$(VENV) -m bench.wechat_conformance

bench-notices: setup ## [COUNT=10000]: settlement notices while gateways fail, receipts stray and workers are killed
	@$(VENV) -m bench.notices $(if $(COUNT),--count $(COUNT))

versions: setup ## [JOURNEYS=4]: the version before the newest migration and this one on one database at once
	@$(VENV) -m bench.versions $(if $(JOURNEYS),--journeys $(JOURNEYS))

claims: python ## right and wrong claims at binding: milliseconds of each, and whether they can be told apart
	@$(PYTHON) -m runtime.setup test
	@$(VENV) -m bench.claims

schema-fuzz: python ## [EXAMPLES=60] [SEED=n]: requests drawn from the OpenAPI document, judged by every check of schemathesis
	@$(PYTHON) -m runtime.setup test
	@$(VENV) -m bench.schema_fuzz $(if $(EXAMPLES),--examples $(EXAMPLES)) $(if $(SEED),--seed $(SEED))

faults: setup ## [COUNT=10000] [ROUNDS=100]: withdrawals through crash after crash, then the bank's books against ours
	@$(VENV) -m bench.faults $(if $(COUNT),--count $(COUNT)) $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(SEED),--seed $(SEED))

properties: python ## many random lives of payments on a real database, and each guard switched off
	@$(PYTHON) -m runtime.setup test
	@$(VENV) -m pytest -q -m nightly tests/properties

bench-closing: setup ## interest of a year and a month of contributions for 371,800 accounts, against one bare statement each
	@$(VENV) -m bench.closing

drill: setup ## the books deleted by a hand's mistake, and restored as they were a moment before
	@$(VENV) -m bench.drill

failover: setup ## the first database killed under way, the synchronous standby takes over, nothing acknowledged is lost
	@$(VENV) -m bench.failover

client-size: setup ## KB of the first page on the line, and of the mini-program's package
	@$(VENV) -m runtime.client_size

pages: python ## [ONLY=home,item] every page of the phone client in three modes and two sizes: axe-core, sizes, contrast, keyboard
	@$(PYTHON) -m runtime.setup test
	@$(VENV) -m bench.pages_check $(if $(ONLY),--only $(ONLY))

first-page: python ## [RUNS=7] how soon the first page can be used at CPU ×4, 1.6 Mbit/s and 150 ms, by the browser's own brakes
	@$(PYTHON) -m runtime.setup test
	@$(VENV) -m bench.first_page $(if $(RUNS),--runs $(RUNS))

gallery: python ## [ONLY=home,desk-queue] every page of the phone client in three modes, the desk and the papers, as pictures in docs/gallery
	@$(PYTHON) -m runtime.setup test
	@$(VENV) -m bench.gallery $(if $(ONLY),--only $(ONLY))

e2e: python ## [ONLY=words]: the phone client from home to receipt, every item at two sizes, and what can go wrong on the way
	@$(PYTHON) -m runtime.setup test
	@$(VENV) -m bench.journeys $(if $(ONLY),-k "$(ONLY)")

controls: python ## each control switched off in a copy of the tree: its test has to go red
	@$(PYTHON) -m runtime.setup test
	@$(VENV) -m bench.controls

invariants: setup ## check the books, whether the system runs or not
	@$(VENV) -m runtime.books --home $(HOME_DIR)

items: setup ## every item, with an accepted and a refused example run just now
	@$(VENV) -m runtime.cli.items

docs: setup ## write the documents that are drawn from the code
	@$(VENV) -m runtime.cli.docs

nightly: test journey e2e bench-withdrawals bench-latency bench-verifications bench-notices bench-closing faults drill failover versions claims controls schema-fuzz ## everything that is too slow for each commit
	@$(VENV) -m pytest -q -m nightly tests

clean: python ## remove .venv, var (the demo's data!), and what was built
	@-test ! -x $(VENV) || $(VENV) -m runtime.supervisor stop --home $(HOME_DIR)
	@$(PYTHON) -m runtime.setup clean
